"""A local stack of its own for a benchmark, with one node that is always there."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.api.workspace import Workspace
from cli.connection.connection import resolve
from local import stack
from local.stack.inspection import NODE, StackStatus
from local.stack.options import StackOptions

COMPUTE = "bench-cluster"
_START_SECONDS = 120


@contextmanager
def running_stack(data_dir: Path) -> Iterator[Workspace]:
    """The workspace of a stack that is started in `data_dir` and ended afterwards."""
    try:
        stack.up(StackOptions(data_dir=data_dir, detach=True))
        workspace = Workspace(resolve(data_dir))
        bml(data_dir, "compute", "create", "--name", COMPUTE, "--min-instances", "1", "--max-instances", "1")
        wait_for(lambda: _node_runs(stack.status(data_dir)), "the node to start")
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


def wait_for(condition: Callable[[], bool], what: str, seconds: float = _START_SECONDS) -> None:
    """Return as soon as `condition` holds; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.2)


def _node_runs(status: StackStatus) -> bool:
    return any(process.role == NODE and process.pid for process in status.processes)
