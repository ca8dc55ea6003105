"""A supervisor in the background, and the report by which its starter learns how the start went."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

from local.errors import SupervisorError
from local.processes.log_tail import last_lines
from local.processes.parent import end_with_parent
from local.processes.program import roll_log
from local.stack.choosing import asked_ports
from local.stack.data_folder import DataFolder
from local.stack.inspection import SUPERVISOR
from local.stack.options import REPOSITORY_ROOT, StackOptions


class Outcome(StrEnum):
    """How the start of a detached supervisor went."""

    READY = "ready"  # everything is healthy
    TAKEN = "taken"  # another process supervises the data folder
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Report:
    """What the supervisor tells its starter, once."""

    outcome: Outcome
    message: str = ""


def start_detached(folder: DataFolder, options: StackOptions, *, with_parent: bool = False) -> bool:
    """Starts a supervisor in the background; returns when the stack is healthy.

    With `with_parent` the stack ends when the calling thread does. False when another process supervises the data
    folder meanwhile.

    Raises:
        SupervisorError: with the supervisor's own message.
    """
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as report:
        try:
            _spawn(folder, options, writing, end_with_parent() if with_parent else None)
        finally:
            os.close(writing)
        told = _read(report, folder)
    if told.outcome is Outcome.FAILED:
        raise SupervisorError(told.message)
    return told.outcome is Outcome.READY


def send_report(descriptor: int, report: Report) -> None:
    """Tells the starter, which waits at the other end of the pipe."""
    with os.fdopen(descriptor, "wb") as pipe:
        pipe.write(json.dumps({"outcome": report.outcome, "message": report.message}).encode())


def _read(pipe: IO[bytes], folder: DataFolder) -> Report:
    text = pipe.read()
    if not text:
        log = folder.log(SUPERVISOR)
        return Report(Outcome.FAILED, f"the supervisor ended early; last lines of {log}:\n{last_lines(log)}")
    document = json.loads(text)
    return Report(Outcome(document["outcome"]), document["message"])


def _spawn(folder: DataFolder, options: StackOptions, report: int, before: Callable[[], None] | None) -> None:
    log = folder.log(SUPERVISOR)
    roll_log(log)
    with log.open("ab") as output:
        subprocess.Popen(
            _command(folder.root, options, report),
            cwd=REPOSITORY_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(report,),
            start_new_session=True,
            preexec_fn=before,  # noqa: PLW1509 (only calls prctl, which is safe after a fork)
        )


def _command(data_dir: Path, options: StackOptions, report: int) -> list[str]:
    flags = {"port": "--port", **{f"{name}_port": f"--azurite-{name}-port" for name in ("blob", "queue", "table")}}
    ports = [part for name, port in asked_ports(options).items() for part in (flags[name], str(port))]
    scheme = {None: (), True: ("--https",), False: ("--no-https",)}[options.https]
    return [
        *(sys.executable, "-m", "local.stack", "supervise", "--data-dir", str(data_dir)),
        *("--app-root", str(options.app_root.absolute()), "--report-to", str(report), *ports, *scheme),
    ]
