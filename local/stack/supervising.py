"""The supervisor as a process: it takes the data folder, starts the stack, and records what runs."""

import asyncio
import fcntl
import logging
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from local.data_folder.layout import DataFolder, open_data_folder
from local.data_folder.setup import StackSetup
from local.data_folder.stack_file import RecordedProcess, StackFile, read_stack_file, write_stack_file
from local.processes.process import ProcessIdentity, end
from local.processes.program import roll_log
from local.processes.supervised import SupervisedProcess
from local.scale_set.record import read_record
from local.stack.inspection import SUPERVISOR
from local.stack.options import StackOptions, choose_setup
from local.stack.roles import stack_roles
from local.stack.supervisor import Supervisor


def supervise(options: StackOptions, on_ready: Callable[[], None]) -> bool:
    """Run the stack until a signal ends it. Return False at once if another process supervises the data folder.

    `on_ready` is called when everything is healthy.

    Raises:
        LocalStackError: the stack cannot start. Nothing is left running.
    """
    folder = open_data_folder(options.data_dir)
    lock = SupervisorLock(folder.lock_file)
    if not lock.acquire():
        return False
    try:
        _supervise(folder, options, on_ready)
    finally:
        lock.release()
    return True


def _supervise(folder: DataFolder, options: StackOptions, on_ready: Callable[[], None]) -> None:
    previous = read_stack_file(folder)
    if previous:
        end_leftovers(folder, previous)
    setup = choose_setup(previous.setup if previous else None, options)
    try:
        asyncio.run(_run(folder, setup, options, on_ready))
    finally:
        write_stack_file(folder, StackFile(setup))


async def _run(folder: DataFolder, setup: StackSetup, options: StackOptions, on_ready: Callable[[], None]) -> None:
    myself = _myself(folder)

    def write_down() -> None:
        processes = tuple(
            process for supervised in supervisor.supervised.values() if (process := _recorded(supervised))
        )
        write_stack_file(folder, StackFile(setup, myself, processes))

    supervisor = Supervisor(stack_roles(folder, setup, options.app_root), write_down)
    supervisor.listen_to_signals()
    write_down()
    await supervisor.run(on_ready)


def _myself(folder: DataFolder) -> RecordedProcess:
    identity = ProcessIdentity.of(os.getpid())
    if identity is None:
        raise RuntimeError("the operating system does not show this process its own creation time")
    started = datetime.fromtimestamp(identity.create_time, UTC).isoformat()
    return RecordedProcess(SUPERVISOR, identity.pid, identity.create_time, started, str(folder.log(SUPERVISOR)))


def _recorded(supervised: SupervisedProcess) -> RecordedProcess | None:
    if supervised.identity is None or supervised.started_at is None:
        return None
    program, identity = supervised.program, supervised.identity
    started = supervised.started_at.isoformat()
    return RecordedProcess(program.name, identity.pid, identity.create_time, started, str(program.log))


class SupervisorLock:
    """An exclusive lock that ends with its process: a killed supervisor leaves no lock behind."""

    def __init__(self, file: Path) -> None:
        """`file` is created if it is missing. Its content means nothing."""
        self._file = file
        self._handle: IO[bytes] | None = None

    def acquire(self) -> bool:
        """Take the lock. Return False if another process has it."""
        handle = self._file.open("ab")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            return False
        self._handle = handle
        return True

    def release(self) -> None:
        """Release the lock if it was taken."""
        if self._handle:
            self._handle.close()
            self._handle = None

    def is_free(self) -> bool:
        """Return True if no process has the lock now."""
        if not self._file.exists():
            return True
        free = self.acquire()
        self.release()
        return free


_FORMAT = "%(asctime)s %(levelname)s %(message)s"


def log_to(file: Path, *, also_to_stderr: bool) -> None:
    """Send the log lines of the stack to `file`, and to the terminal of a stack in the foreground."""
    roll_log(file)
    handlers: list[logging.Handler] = [logging.FileHandler(file, encoding="utf-8")]
    if also_to_stderr:
        handlers.append(logging.StreamHandler(sys.stderr))
    logger = logging.getLogger("local")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    for handler in handlers:
        handler.setFormatter(logging.Formatter(_FORMAT))
        logger.addHandler(handler)


_LEFTOVERS_GRACE_SECONDS = 3.0


def end_leftovers(folder: DataFolder, content: StackFile) -> None:
    """End the processes that a killed supervisor or scale set left behind. Even if pids were reused, end no others."""
    roles = [ProcessIdentity(process.pid, process.create_time) for process in reversed(content.processes)]
    instances = [
        instance.process
        for those in read_record(folder.scale_set).computes.values()
        for instance in those
        if instance.process
    ]
    end([*roles, *instances], grace_seconds=_LEFTOVERS_GRACE_SECONDS)
