"""`up`: a stack that runs, whatever was there before."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable

from local.errors import SchemeError, StackRunningError, SupervisorError
from local.processes.identity import ProcessIdentity
from local.stack.choosing import asked_ports
from local.stack.data_folder import DataFolder, open_data_folder
from local.stack.detached import start_detached
from local.stack.inspection import SUPERVISOR, Condition, StackStatus, inspect
from local.stack.lock import SupervisorLock
from local.stack.logs import log_to
from local.stack.options import StackOptions
from local.stack.stack_file import StackFile, read_stack_file
from local.stack.supervising import supervise

_log = logging.getLogger(__name__)

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


def _run(folder: DataFolder, options: StackOptions, on_ready: ReadyCallback | None) -> bool:
    return supervise(options, lambda: _announce(folder, on_ready))


def _detach(folder: DataFolder, options: StackOptions, on_ready: ReadyCallback | None) -> bool:
    started = start_detached(folder, options)
    if started:
        _announce(folder, on_ready)
    return started


def _join(folder: DataFolder, options: StackOptions, on_ready: ReadyCallback | None) -> StackStatus | None:
    """Waits until the stack of another supervisor is whole; None when that supervisor ended meanwhile."""
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
                _log.warning("the stack in %s is running already; whatever was missing is back", folder.root)
                _announce(folder, on_ready)
                return status
        time.sleep(_POLL_SECONDS)
    raise SupervisorError(
        f"the stack in {folder.root} runs, but not all of it became healthy in {_JOIN_TIMEOUT_SECONDS:g} s; "
        f"see `bml local status` and {folder.log(SUPERVISOR)}"
    )


def _wake(supervisor: ProcessIdentity) -> bool:
    """Has the supervisor start at once what it would start later."""
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
