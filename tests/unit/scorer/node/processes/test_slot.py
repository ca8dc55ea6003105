import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest

from scorer_container.node.processes.answers import BadAnswerError
from scorer_container.node.processes.folders import ProcessFolders
from scorer_container.node.processes.slot import ProcessSlot
from scorer_container.node.processes.warm import WarmProcesses
from scorer_container.node.reporting.failure import FatalProblemError
from tests.unit.scorer.node.file_modes import file_modes_apply
from tests.unit.scorer.node.processes.scripted_process import ENDS, READY, Logs, ScriptedProcess, Starter, command

pytestmark = pytest.mark.unit

RAISED = {"type": "init_failed", "error_type": "KeyError", "message": "'a'", "traceback": "Traceback"}
UNUSABLE = {"type": "unusable", "step": "model", "error_type": "OSError", "message": "no model", "traceback": "T"}


class World:
    """A slot with all around it."""

    def __init__(self, root: Path, *processes: ScriptedProcess, kind: str = "script", init_timeout: float = 30) -> None:
        self.logs, self.warm, self.start = Logs(), WarmProcesses(), Starter(*processes)
        self.folders = ProcessFolders(root / "process000")
        self.command = command(kind)
        self.init_timeout = init_timeout
        self.slot = self.next_slot()

    def next_slot(self) -> ProcessSlot:
        logs: Any = self.logs
        return ProcessSlot(
            0, self.command, self.folders, init_timeout=self.init_timeout, start=self.start, logs=logs, warm=self.warm
        )


async def test_a_process_is_started_once_and_prints_into_the_jobs_log(tmp_path: Path) -> None:
    process = ScriptedProcess({**READY, "has_shutdown": True})
    world = World(tmp_path, process)
    assert [await world.slot.ready(), await world.slot.ready()] == [process, process]
    process.targets[0](b"out")
    process.targets[1](b"err")
    assert (world.logs.stdout(0).lines, world.logs.stderr(0).lines) == (["out"], ["err"])
    assert world.logs.node.lines == ["process 0: started, pid 4711", "process 0: ready after 0.0 s"]
    assert (world.start.started, world.slot.has_shutdown, world.slot.in_conversation) == (1, True, False)
    assert all(folder.is_dir() for folder in (world.folders.work, world.folders.home, world.folders.temporary))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (RAISED, "init() raised KeyError: 'a'"),
        (ENDS, "the scoring process ended with exit code 3 during init()"),
        (BadAnswerError("rubbish"), "the scoring process sent rubbish to its node"),
        (None, "init() did not end within 0.001 s"),
    ],
    ids=str,
)
async def test_init_is_tried_three_times(tmp_path: Path, answer: Any, message: str) -> None:
    processes = [ScriptedProcess(*([answer] if answer else [])) for _ in range(3)]
    world = World(tmp_path, *processes, init_timeout=0.001)
    with pytest.raises(FatalProblemError) as caught:
        await world.slot.ready()
    failure = caught.value.failure
    assert failure.step == "init"
    assert failure.message.startswith(message)
    assert failure.message.endswith("(3 times)")
    assert [process.is_closed for process in processes] == [True] * 3
    tries = [line for line in world.logs.node.lines if "init failed" in line]
    assert [line.split(":")[1] for line in tries] == [f" init failed (try {number} of 3)" for number in (1, 2, 3)]


async def test_init_that_succeeds_at_last_is_a_success(tmp_path: Path) -> None:
    good = ScriptedProcess(READY)
    world = World(tmp_path, ScriptedProcess(RAISED), ScriptedProcess(ENDS), good)
    assert await world.slot.ready() is good
    assert world.logs.errors(0).lines == ["init() failed\nTraceback"]


async def test_a_deployment_that_cannot_work_is_not_tried_again(tmp_path: Path) -> None:
    world = World(tmp_path, ScriptedProcess(UNUSABLE), ScriptedProcess(READY))
    with pytest.raises(FatalProblemError) as caught:
        await world.slot.ready()
    assert (caught.value.failure.step, caught.value.failure.message) == ("model", "no model")
    assert world.start.started == 1
    assert world.start.processes[0].is_closed


async def test_a_process_that_cannot_be_started_fails_the_job(tmp_path: Path) -> None:
    async def start(_command: Any) -> Any:
        raise FileNotFoundError("no python")

    logs: Any = Logs()
    slot = ProcessSlot(
        0, command(), ProcessFolders(tmp_path / "p"), init_timeout=1, start=start, logs=logs, warm=WarmProcesses()
    )
    with pytest.raises(FatalProblemError, match="the scoring process cannot be started: no python") as caught:
        await slot.ready()
    assert (caught.value.failure.step, caught.value.failure.error_type) == ("environment", "FileNotFoundError")


async def test_another_process_takes_the_place_of_one_that_is_discarded(tmp_path: Path) -> None:
    first, second = ScriptedProcess(READY), ScriptedProcess(READY)
    world = World(tmp_path, first, second)
    await world.slot.ready()
    world.slot.in_conversation = True
    (world.folders.work / "left").touch()
    await world.slot.discard()
    assert (first.is_closed, world.slot.in_conversation) == (True, False)
    assert await world.slot.ready() is second
    assert (world.folders.work / "left").exists(), "it is the same job"


async def test_an_idle_process_of_a_model_serves_the_next_job(tmp_path: Path) -> None:
    process = ScriptedProcess(READY)
    world = World(tmp_path, process, kind="mlflow")
    await world.slot.ready()
    await world.slot.release(kill=False)
    await world.slot.remove_folders()
    assert (process.is_running, process.targets) == (True, (None, None))
    assert world.folders.home.is_dir()
    world.logs = Logs()
    world.slot = world.next_slot()
    assert await world.slot.ready() is process
    process.targets[0](b"printed")
    assert (world.logs.stdout(0).lines, world.start.started) == (["printed"], 1)


async def test_a_process_that_has_left_files_does_not_serve_the_next_job(tmp_path: Path) -> None:
    process = ScriptedProcess(READY)
    world = World(tmp_path, process, kind="mlflow")
    await world.slot.ready()
    (world.folders.work / "left").touch()
    await world.slot.release(kill=False)
    await world.slot.remove_folders()
    assert process.is_closed
    assert world.logs.node.lines[-1] == "process 0: ends, as it has left files in its working folder"
    assert not world.folders.root.exists()


async def test_a_process_that_has_closed_its_folder_does_not_serve_the_next_job(tmp_path: Path) -> None:
    process = ScriptedProcess(READY)
    world = World(tmp_path, process, kind="mlflow")
    await world.slot.ready()
    world.folders.work.chmod(0)
    with file_modes_apply():
        await world.slot.release(kill=False)
        await world.slot.remove_folders()
    assert process.is_closed
    assert not world.folders.root.exists()


@pytest.mark.parametrize(("kill", "in_conversation"), [(True, False), (False, True)])
@pytest.mark.parametrize("kind", ["mlflow", "script"])
async def test_a_process_that_is_busy_or_unwanted_is_killed(
    tmp_path: Path, kind: str, kill: bool, in_conversation: bool
) -> None:
    process = ScriptedProcess(READY)
    world = World(tmp_path, process, kind=kind)
    await world.slot.ready()
    world.slot.in_conversation = in_conversation
    await world.slot.release(kill=kill)
    assert (process.is_closed, process.sent) == (True, [])
    assert await world.warm.take(0, world.command) is None


async def test_a_script_is_shut_down_and_its_failure_logged(tmp_path: Path) -> None:
    process = ScriptedProcess({**READY, "has_shutdown": True})
    process.problem_of_shutdown = {"error_type": "OSError", "message": "disk full", "traceback": "T"}
    world = World(tmp_path, process)
    await world.slot.ready()
    await world.slot.release(kill=False)
    assert process.sent == [{"type": "shutdown"}]
    assert world.logs.node.lines[-1] == "process 0: shutdown(): OSError: disk full"
    assert world.logs.errors(0).lines == ["shutdown(): OSError: disk full\nT"]


async def test_a_job_that_ends_during_init_kills_the_process(tmp_path: Path) -> None:
    process = ScriptedProcess()
    world = World(tmp_path, process)
    await cancelled(world.slot.ready(), lambda: world.slot.in_conversation)
    await world.slot.release(kill=False)
    assert (process.is_closed, process.sent) == (True, [])


async def test_a_shutdown_that_is_cancelled_kills_the_process(tmp_path: Path) -> None:
    process = ScriptedProcess(READY)
    process.while_finishing = asyncio.Event().wait  # type: ignore[assignment]
    world = World(tmp_path, process)
    await world.slot.ready()
    await cancelled(world.slot.release(kill=False), lambda: bool(process.sent))
    assert not process.is_running


async def test_a_slot_without_a_process_has_nothing_to_release(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.slot.release(kill=False)
    await world.slot.remove_folders()
    assert await world.slot.ending() == "ended"
    assert not world.folders.root.exists()


async def cancelled(call: Any, when: Any) -> None:
    """Cancel the call as soon as `when` holds."""
    task = asyncio.ensure_future(call)
    async with asyncio.timeout(20):
        while not when():  # noqa: ASYNC110 (a state of the class under test)
            await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()
