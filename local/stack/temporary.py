"""A whole stack for the time of a `with` block: tests, benchmarks and examples."""

import contextlib
from collections.abc import Iterator

from local.data_folder.layout import open_data_folder
from local.errors import SupervisorError
from local.stack.inspection import StackStatus, inspect
from local.stack.options import StackOptions
from local.stack.starting import start_detached
from local.stack.stopping import down


@contextlib.contextmanager
def temporary_stack(options: StackOptions) -> Iterator[StackStatus]:
    """A healthy stack that ends with the block, and also when the thread that entered it is killed.

    Its data folder stays, for a look at the logs.

    Raises:
        LocalStackError: the stack cannot start, or the data folder has a running one.
    """
    folder = open_data_folder(options.data_dir)
    if not start_detached(folder, options, with_parent=True):
        raise SupervisorError(f"a stack runs in {folder.root} already")
    try:
        yield inspect(folder.root)
    finally:
        down(folder.root)
