"""An Azurite for the time of a `with` block: tests and benchmarks."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from local.azurite.command import azurite_command
from local.azurite.endpoints import AzuriteEndpoints, is_ready
from local.errors import UnhealthyChildError
from local.loopback.ports import free_ports
from local.processes.process import ProcessIdentity, end
from local.processes.program import end_with_parent, last_lines

_READY_TIMEOUT_SECONDS = 60.0
_POLL_SECONDS = 0.02
_GRACE_SECONDS = 5.0
_TRIES = 3


@contextlib.contextmanager
def temporary_azurite(folder: Path, *, persistent: bool = False) -> Iterator[AzuriteEndpoints]:
    """Run an Azurite on free ports. It is ready when the block begins, and ends with the block.

    Its log is in `folder`. With `persistent` its data are there too; otherwise they are in memory only.
    """
    for attempt in range(1, _TRIES + 1):
        blob, queue, table = free_ports(3)
        endpoints = AzuriteEndpoints(blob, queue, table)
        with _running(endpoints, folder / "data" if persistent else None, folder / "azurite.log") as process:
            try:
                _wait_until_ready(process, endpoints, folder / "azurite.log")
            except UnhealthyChildError:
                if attempt == _TRIES or process.poll() is None:
                    raise
                continue  # another program has just taken one of the ports
            yield endpoints
            return


@contextlib.contextmanager
def _running(endpoints: AzuriteEndpoints, location: Path | None, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = azurite_command(endpoints, location)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command.arguments,
            cwd=log.parent,
            env={**os.environ, **command.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=end_with_parent(),  # noqa: PLW1509 (only calls prctl, which is safe after a fork)
        )
    try:
        yield process
    finally:
        if identity := ProcessIdentity.of(process.pid):
            end([identity], grace_seconds=_GRACE_SECONDS)
        process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], endpoints: AzuriteEndpoints, log: Path) -> None:
    deadline = time.monotonic() + _READY_TIMEOUT_SECONDS
    while not is_ready(endpoints):
        if (code := process.poll()) is not None:
            raise UnhealthyChildError("azurite", f"it ended with code {code}", log, last_lines(log))
        if time.monotonic() > deadline:
            raise UnhealthyChildError("azurite", f"no answer in {_READY_TIMEOUT_SECONDS:g} s", log, last_lines(log))
        time.sleep(_POLL_SECONDS)
