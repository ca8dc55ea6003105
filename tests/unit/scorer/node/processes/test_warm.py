from dataclasses import replace
from pathlib import Path

import pytest

from scorer_container.node.cache.file_lock import free_file_lock
from scorer_container.node.cache.room import FoldersInUse, use_file
from scorer_container.node.processes.launchers import ContainerLauncher
from scorer_container.node.processes.warm import WarmProcesses
from tests.unit.scorer.node.processes.scripted_process import ScriptedProcess, command

pytestmark = pytest.mark.unit


def launcher_writing_to(folder: Path) -> ContainerLauncher:
    return ContainerLauncher(Path("/agent"), "image", (), (folder,))


MODEL, OTHER = command("mlflow", A="1"), command("mlflow", A="2")


async def test_a_process_comes_back_once_and_under_its_number_only() -> None:
    warm, process = WarmProcesses(), ScriptedProcess()
    warm.keep(0, MODEL, process)
    assert await warm.take(1, MODEL) is None
    assert await warm.take(0, MODEL) is process
    assert await warm.take(0, MODEL) is None
    assert process.is_running


async def test_what_only_concerns_the_job_before_makes_no_difference() -> None:
    warm, process = WarmProcesses(), ScriptedProcess()
    warm.keep(0, command("mlflow", AZUREML_RUN_ID="one"), process)
    assert await warm.take(0, command("mlflow", AZUREML_RUN_ID="two")) is process


async def test_processes_with_folders_of_their_own_are_kept_beside_each_other() -> None:
    warm, processes = WarmProcesses(), [ScriptedProcess(), ScriptedProcess()]
    commands = [
        replace(command("mlflow", HOME=f"/node/{n}/home"), working_folder=Path(f"/node/{n}/work")) for n in (0, 1)
    ]
    commands = [replace(one, launcher=launcher_writing_to(one.working_folder)) for one in commands]
    for number, process in enumerate(processes):
        warm.keep(number, commands[number], process)
    assert [await warm.take(number, commands[number]) for number in (0, 1)] == processes


async def test_the_processes_of_another_deployment_have_ended_before_the_new_one_starts() -> None:
    warm, processes = WarmProcesses(), [ScriptedProcess(), ScriptedProcess()]
    for number, process in enumerate(processes):
        warm.keep(number, MODEL, process)
    assert await warm.take(0, OTHER) is None
    assert [process.is_closed for process in processes] == [True, True]
    assert await warm.take(1, MODEL) is None


async def test_a_process_that_has_died_meanwhile_is_not_given_away() -> None:
    warm, process = WarmProcesses(), ScriptedProcess()
    warm.keep(0, MODEL, process)
    process.is_running = False
    assert await warm.take(0, MODEL) is None
    assert process.is_closed


async def test_an_idle_process_prints_into_no_log() -> None:
    warm, process = WarmProcesses(), ScriptedProcess()
    process.redirect(print, print)
    warm.keep(0, MODEL, process)
    assert process.targets == (None, None)


async def test_only_one_process_has_a_number() -> None:
    warm, before, after = WarmProcesses(), ScriptedProcess(), ScriptedProcess()
    warm.keep(0, MODEL, before)
    warm.keep(0, MODEL, after)
    assert await warm.take(0, MODEL) is after
    assert before.is_closed


async def test_the_end_of_the_node_ends_them_all_and_frees_the_cache(tmp_path: Path) -> None:
    warm, process, folders = WarmProcesses(), ScriptedProcess(), FoldersInUse()
    folders.hold(tmp_path / "models" / "m")
    warm.need(folders)
    warm.keep(0, MODEL, process)
    await warm.close()
    assert process.is_closed
    assert is_free(tmp_path / "models" / "m")


def test_a_job_lets_go_what_the_one_before_has_held(tmp_path: Path) -> None:
    warm, before, current = WarmProcesses(), FoldersInUse(), FoldersInUse()
    old, both = tmp_path / "models" / "old", tmp_path / "models" / "both"
    for folder in (old, both):
        before.hold(folder)
    current.hold(both)
    warm.need(before)
    assert not is_free(old)
    warm.need(current)
    assert (is_free(old), is_free(both)) == (True, False)


def is_free(folder: Path) -> bool:
    with free_file_lock(use_file(folder)) as is_free:
        return is_free
