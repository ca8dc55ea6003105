from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from local.errors import UnhealthyChildError
from local.processes.program import Program
from local.stack.roles import Role
from local.stack.supervisor import Supervisor

pytestmark = pytest.mark.integration

WAITS = "import sys; print('up', flush=True); sys.stdin.read()"
ENDS_LATE = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
)
BREAKS = "print('no such thing'); raise SystemExit(7)"


@pytest.fixture
def role(tmp_path) -> Callable[..., Role]:
    def make(name: str, code: str = WAITS, *, after: tuple[str, ...] = (), **options: float) -> Role:
        log = tmp_path / f"{name}.log"
        program = Program(name, (sys.executable, "-c", code), dict(os.environ), tmp_path, log)
        return Role(program, lambda: _lines(log) > 0, after=after, **options)

    return make


def _lines(log: Path) -> int:
    return log.read_text().count("up\n") if log.exists() else 0


@pytest.fixture
def until(eventually) -> Callable[..., Awaitable[None]]:
    return lambda condition: asyncio.to_thread(eventually, condition)


class Run:
    """A supervisor that runs beside the test."""

    def __init__(self, *roles: Role) -> None:
        self.ready = asyncio.Event()
        self.supervisor = Supervisor(roles, on_change=lambda: None)
        self.supervisor.listen_to_signals()
        self.task = asyncio.create_task(self.supervisor.run(self.ready.set))

    async def __aenter__(self) -> Run:
        await self.ready.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await self.task

    def pid(self, name: str) -> int | None:
        identity = self.supervisor.kept[name].identity
        return identity.pid if identity else None


async def test_a_role_starts_when_those_before_it_are_healthy(role, until):
    first = role("first", "import time; print('starting', flush=True); input()")
    run = Run(first, role("second", after=("first",)))
    await until(lambda: first.program.log.exists() and "starting" in first.program.log.read_text())
    assert run.pid("second") is None
    with first.program.log.open("a") as log:
        log.write("up\n")
    async with run:
        assert run.pid("second")


async def test_a_killed_process_comes_back(role, until):
    one = role("one")
    async with Run(one) as run:
        killed = run.pid("one")
        os.kill(killed, signal.SIGKILL)
        await until(lambda: _lines(one.program.log) == 2)
        assert run.pid("one") not in (None, killed)


async def test_the_end_leaves_nothing_even_of_a_process_that_ignores_signals(role, is_alive):
    async with Run(role("polite"), role("deaf", ENDS_LATE, grace_seconds=0.2)) as run:
        pids = [run.pid("polite"), run.pid("deaf")]
    assert not any(is_alive(pid) for pid in pids)


async def test_a_process_that_breaks_at_the_start_is_reported_with_its_last_lines_and_all_end(role, until, is_alive):
    run = Run(role("fine"), role("broken", BREAKS))
    await until(lambda: run.pid("fine"))
    pid = run.pid("fine")
    with pytest.raises(UnhealthyChildError, match=r"(?s)broken.*code 7.*no such thing"):
        await run.task
    assert not is_alive(pid)


async def test_a_process_that_never_answers_is_given_up_in_time(role):
    run = Run(role("silent", "input()", healthy_within_seconds=0.5))
    with pytest.raises(UnhealthyChildError, match=r"(?s)silent.*0\.5 s.*is empty"):
        await run.task
