from collections.abc import Callable

import pytest

from local.processes.process import ProcessIdentity


@pytest.fixture
def is_alive() -> Callable[[int], bool]:
    """Whether a process runs; one that is dead and waits for its parent's notice does not."""

    def check(pid: int) -> bool:
        identity = ProcessIdentity.of(pid)
        return identity is not None and identity.is_running()

    return check
