"""Starts and ends a stack: `up`, `down`, and a stack for the time of a `with` block."""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

from local.data_folder.layout import DataFolder, open_data_folder
from local.data_folder.stack_file import StackFile, read_stack_file, require_stack_file
from local.errors import SchemeError, StackRunningError, SupervisorError
from local.processes.process import ProcessIdentity, end
from local.processes.program import end_with_parent, last_lines, roll_log
from local.stack.inspection import SUPERVISOR, Condition, StackStatus, inspect
from local.stack.options import REPOSITORY_ROOT, StackOptions, asked_ports
from local.stack.supervising import SupervisorLock, end_leftovers, log_to, supervise

log = logging.getLogger(__name__)

_JOIN_TIMEOUT_SECONDS = 90.0
_POLL_SECONDS = 0.1
_TRIES = 3

ReadyCallback = Callable[[StackStatus], None]


def up(options: StackOptions, *, on_ready: ReadyCallback | None = None) -> StackStatus:
    """See `local.stack.up`."""
    folder = open_data_folder(options.data_dir)
    if not options.detach:
        log_to(folder.log(SUPERVISOR), also_to_stderr=True)
    for _ in range(_TRIES):
        if SupervisorLock(folder.lock_file).is_free():
            started = _detach(folder, options, on_ready) if options.detach else _run(folder, options, on_ready)
            if started:
                return inspect(folder.root)
        if (status := _join(folder, options, on_ready)) is not None:
            return status
    raise SupervisorError(f"supervisors of {folder.root} keep ending; see {folder.log(SUPERVISOR)}")


# Longer than the graces of all roles together, so that the supervisor can end them itself.
_SUPERVISOR_GRACE_SECONDS = 90.0


def down(data_dir: Path) -> StackStatus:
    """See `local.stack.down`."""
    folder = DataFolder(data_dir.absolute())
    before = inspect(folder.root, ask=False)
    supervisor = require_stack_file(folder).supervisor
    if supervisor:
        end([ProcessIdentity(supervisor.pid, supervisor.create_time)], grace_seconds=_SUPERVISOR_GRACE_SECONDS)
    end_leftovers(folder, require_stack_file(folder))
    return before


@contextlib.contextmanager
def temporary_stack(options: StackOptions) -> Iterator[StackStatus]:
    """Run a healthy stack that ends with the block, or with the thread that entered it.

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


def _run(folder: DataFolder, options: StackOptions, on_ready: ReadyCallback | None) -> bool:
    return supervise(options, lambda: _announce(folder, on_ready))


def _detach(folder: DataFolder, options: StackOptions, on_ready: ReadyCallback | None) -> bool:
    started = start_detached(folder, options)
    if started:
        _announce(folder, on_ready)
    return started


def _join(folder: DataFolder, options: StackOptions, on_ready: ReadyCallback | None) -> StackStatus | None:
    """Wait until the stack of another supervisor is healthy. Return None if that supervisor has ended meanwhile."""
    deadline = time.monotonic() + _JOIN_TIMEOUT_SECONDS
    woken = False
    while time.monotonic() < deadline:
        if SupervisorLock(folder.lock_file).is_free():
            return None
        content = read_stack_file(folder)
        if content and (supervisor := _supervisor(content)):
            _refuse_other_options(folder, content, options)
            woken = woken or _wake(supervisor)
            if (status := inspect(folder.root)).state is Condition.RUNNING:
                log.warning("the stack in %s runs already; its missing processes were restarted", folder.root)
                _announce(folder, on_ready)
                return status
        time.sleep(_POLL_SECONDS)
    raise SupervisorError(
        f"the stack in {folder.root} runs, but not all of it became healthy in {_JOIN_TIMEOUT_SECONDS:g} s; "
        f"see `bml local status` and {folder.log(SUPERVISOR)}"
    )


def _wake(supervisor: ProcessIdentity) -> bool:
    """Make the supervisor restart at once what it would restart later."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(supervisor.pid, signal.SIGUSR1)
    return True


def _supervisor(content: StackFile) -> ProcessIdentity | None:
    if content.supervisor is None:
        return None
    identity = ProcessIdentity(content.supervisor.pid, content.supervisor.create_time)
    return identity if identity.is_running() else None


def _refuse_other_options(folder: DataFolder, content: StackFile, options: StackOptions) -> None:
    if options.https not in {None, content.setup.https}:
        raise SchemeError(folder.root, https=content.setup.https)
    for name, asked in asked_ports(options).items():
        if asked != (present := getattr(content.setup, name)):
            raise StackRunningError(folder.root, f"{name.replace('_', ' ')} {present}, not {asked}")


def _announce(folder: DataFolder, on_ready: ReadyCallback | None) -> None:
    if on_ready:
        on_ready(inspect(folder.root))


class Outcome(StrEnum):
    """The result of the start of a detached supervisor."""

    READY = "ready"  # everything is healthy
    TAKEN = "taken"  # another process supervises the data folder
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Report:
    """The one message of the supervisor to its starter."""

    outcome: Outcome
    message: str = ""


def start_detached(folder: DataFolder, options: StackOptions, *, with_parent: bool = False) -> bool:
    """Start a supervisor in the background. Return once the stack is healthy.

    With `with_parent` the stack ends when the calling thread does. Return False if another process took the data
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
    """Send the report to the starter, which waits at the other end of the pipe."""
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
