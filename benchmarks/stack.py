"""A local stack of its own for a benchmark, with a compute that begins at zero and keeps the node it got."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.api.workspace import Workspace
from cli.connection.connection import resolve
from local import stack
from local.stack.options import StackOptions

COMPUTE = "bench-cluster"
_KEPT_SECONDS = 1800
"""Longer than any pause between two jobs."""


@contextmanager
def running_stack(data_dir: Path) -> Iterator[Workspace]:
    """The workspace of a stack that is started in `data_dir` and ended afterwards."""
    try:
        stack.up(StackOptions(data_dir=data_dir, detach=True))
        workspace = Workspace(resolve(data_dir))
        idle = str(_KEPT_SECONDS)
        sizes = ["--min-instances", "0", "--max-instances", "1", "--idle-time-before-scale-down", idle]
        bml(data_dir, "compute", "create", "--name", COMPUTE, *sizes)
        yield workspace
    finally:
        stack.down(data_dir)


def bml(data_dir: Path, *arguments: str) -> str:
    """Run the command line against this stack as a user would; its standard output."""
    command = [sys.executable, "-m", "cli.main", *arguments, "--data-dir", str(data_dir), "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"bml {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
