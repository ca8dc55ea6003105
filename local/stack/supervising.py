"""The supervisor as a process: takes the data folder, starts the stack, writes down what runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime

from local.processes.identity import ProcessIdentity
from local.processes.kept import KeptProcess
from local.stack.choosing import choose_setup
from local.stack.data_folder import DataFolder, open_data_folder
from local.stack.inspection import SUPERVISOR
from local.stack.leftovers import end_leftovers
from local.stack.lock import SupervisorLock
from local.stack.options import StackOptions
from local.stack.roles import stack_roles
from local.stack.setup import StackSetup
from local.stack.stack_file import RecordedProcess, StackFile, read_stack_file, write_stack_file
from local.stack.supervisor import Supervisor


def supervise(options: StackOptions, on_ready: Callable[[], None]) -> bool:
    """Runs the stack until it is told to end; False at once when another process supervises the data folder.

    `on_ready` is called when everything is healthy.

    Raises:
        LocalStackError: the stack cannot start; nothing is left running.
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
        processes = tuple(process for kept in supervisor.kept.values() if (process := _recorded(kept)))
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


def _recorded(kept: KeptProcess) -> RecordedProcess | None:
    if kept.identity is None or kept.started_at is None:
        return None
    program, identity = kept.program, kept.identity
    started = kept.started_at.isoformat()
    return RecordedProcess(program.name, identity.pid, identity.create_time, started, str(program.log))
