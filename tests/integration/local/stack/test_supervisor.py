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
from local.stack.supervisor import Patience, Supervisor

pytestmark = pytest.mark.integration

WAITS = "import sys; print('up', flush=True); sys.stdin.read()"
ENDS_LATE = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
)
BREAKS = "print('no such thing'); raise SystemExit(7)"


@pytest.fixture
def role(tmp_path) -> Callable[..., Role]:
    def make(name: str, code: str = WAITS, *, after: tuple[str, ...] = (), **options: float) -> Role:
        log, deaf = tmp_path / f"{name}.log", tmp_path / f"{name}.deaf"
        program = Program(name, (sys.executable, "-c", code), dict(os.environ), tmp_path, log)
        return Role(program, lambda: _lines(log) > 0, lambda: not deaf.exists(), after=after, **options)

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
        self.supervisor = Supervisor(roles, lambda: None, Patience(pause_seconds=0.02, looks=2))
        self.supervisor.listen_to_signals()
        self.task = asyncio.create_task(self.supervisor.run(self.ready.set))

    async def __aenter__(self) -> "Run":
        ready = asyncio.create_task(self.ready.wait())
        await asyncio.wait([ready, self.task], return_when=asyncio.FIRST_COMPLETED)
        if self.task.done():
            ready.cancel()
            await self.task
        return self

    async def __aexit__(self, *_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await self.task

    def pid(self, name: str) -> int | None:
        identity = self.supervisor.supervised[name].identity
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
        await until(lambda: _lines(one.program.log) >= 2)
        assert run.pid("one") not in (None, killed)


async def test_a_process_that_answers_no_more_is_ended_and_comes_back(role, until, tmp_path):
    one, other = role("one", ENDS_LATE, grace_seconds=0.1, healthy_within_seconds=10), role("other")
    async with Run(one, other) as run:
        hanging, fine = run.pid("one"), run.pid("other")
        (tmp_path / "one.deaf").touch()
        await until(lambda: _lines(one.program.log) >= 2)
        (tmp_path / "one.deaf").unlink()
        assert run.pid("one") not in (None, hanging)
        assert run.pid("other") == fine


async def test_a_process_has_time_to_answer_for_the_first_time(role, until, tmp_path):
    one = role("one")
    (tmp_path / "one.deaf").touch()
    async with Run(one, role("other", healthy_within_seconds=10)) as run:
        (tmp_path / "other.deaf").touch()
        await until(lambda: run.supervisor.supervised["other"].restarts)
        assert run.supervisor.supervised["one"].restarts == 0


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
