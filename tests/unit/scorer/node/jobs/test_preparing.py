import asyncio
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from scorer_container.node.cache.file_lock import free_file_lock
from scorer_container.node.cache.room import use_file
from scorer_container.node.environments import EnvironmentPreparationError
from scorer_container.node.environments.build_session import BuildEndedError, BuildSession
from scorer_container.node.jobs import preparation
from scorer_container.node.jobs.preparation import PreparedJob
from scorer_container.node.jobs.preparing import prepare, tidy_cache
from scorer_container.node.processes.warm import WarmProcesses
from scorer_container.node.reporting.failure import FatalProblemError
from scorer_container.node.settings import NodeSettings
from tests.unit.scorer.node.cache.loaded_sources import LoadedSources
from tests.unit.scorer.node.processes.scripted_process import spec

pytestmark = pytest.mark.unit


class Node:
    """What a node prepares jobs with."""

    def __init__(self, root: Path, files: dict[str, bytes]) -> None:
        self.settings = NodeSettings(compute="c", node_id="n", folder=root / "node", cache=root / "cache")
        self.sources = LoadedSources(files)
        self.warm = WarmProcesses()
        self.log: list[str] = []

    async def prepare(self, **options: Any) -> PreparedJob:
        sources: Any = self.sources
        return await prepare(spec(**options), sources, self.settings, self.warm, self.log.append)

    def in_use(self) -> set[str]:
        """The kinds of the folders that nobody may evict."""
        return {file.parent.name for file in self.settings.cache.glob("*/*.use") if not is_free(file.with_suffix(""))}


def is_free(folder: Path) -> bool:
    with free_file_lock(use_file(folder)) as is_free:
        return is_free


async def test_a_script_with_its_model_scores_in_the_nodes_own_python(tmp_path: Path) -> None:
    node = Node(tmp_path, {"score.py": b""})
    prepared = await node.prepare()
    assert (prepared.interpreter, prepared.has_new) == (Path(sys.executable), True)
    assert prepared.setup["kind"] == "script"
    assert prepared.setup["script"] == f"{prepared.setup['code']}/score.py"
    assert node.in_use() == {"models", "code"}
    await asyncio.sleep(0)
    assert "no environment is named; scoring with the node's own Python" in node.log
    assert not (await node.prepare()).has_new
    await node.warm.close()
    assert node.in_use() == set()


async def test_what_cannot_be_fetched_fails_the_job_and_holds_nothing(tmp_path: Path) -> None:
    node = Node(tmp_path, {"score.py": b""})
    node.sources.failing["score.py"] = OSError("no\nroute")
    with pytest.raises(FatalProblemError, match="the model cannot be fetched: no route") as caught:
        await node.prepare()
    assert (caught.value.failure.step, caught.value.failure.error_type) == ("model", "OSError")
    assert node.in_use() == set()


async def test_a_model_that_needs_a_script_fails_the_job(tmp_path: Path) -> None:
    with pytest.raises(FatalProblemError, match="model m:1 has no file MLmodel in its folder") as caught:
        await Node(tmp_path, {"weights": b""}).prepare(script=False)
    assert caught.value.failure.step == "model"


async def test_an_environment_that_cannot_be_built_fails_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise EnvironmentPreparationError("no such package")

    monkeypatch.setattr(preparation, "prepare_environment", fail)
    with pytest.raises(FatalProblemError, match="no such package") as caught:
        await Node(tmp_path, {"score.py": b""}).prepare()
    assert caught.value.failure.step == "environment"


async def test_a_cancelled_job_kills_the_build_and_waits_for_its_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = Node(tmp_path, {"score.py": b""})
    ends: list[str] = []

    def build(_spec: Any, _model: Any, _cache: Any, session: BuildSession) -> Path:
        try:
            session.run(["/bin/sh", "-c", "echo begun; sleep 300"], {}, session.log)
        except BuildEndedError:
            ends.append("build")
            raise
        return Path()

    monkeypatch.setattr(preparation, "prepare_environment", build)
    job = asyncio.create_task(node.prepare())
    async with asyncio.timeout(30):
        while "begun" not in node.log:  # noqa: ASYNC110 (a line from another thread)
            await asyncio.sleep(0.001)
        job.cancel()
        await asyncio.wait({job})
    assert (job.cancelled(), ends, node.in_use()) == (True, ["build"], set())


async def test_the_log_is_written_by_the_event_loop_only(tmp_path: Path) -> None:
    node, threads = Node(tmp_path, {"score.py": b""}), set()
    sources: Any = node.sources
    await prepare(spec(), sources, node.settings, node.warm, lambda _: threads.add(threading.get_ident()))
    await asyncio.sleep(0)
    assert threads == {threading.get_ident()}


async def test_the_cache_loses_what_no_job_needs(tmp_path: Path) -> None:
    node = Node(tmp_path, {"score.py": bytes(100_000)})
    await node.prepare()
    node.sources = LoadedSources({"score.py": bytes(100_001)})
    await node.prepare()
    small = NodeSettings(compute="c", node_id="n", folder=tmp_path, cache=node.settings.cache, cache_bytes=1)
    await tidy_cache(small, node.log.append)
    await asyncio.sleep(0)
    assert len([line for line in node.log if line.startswith("removed ")]) == 2
    assert node.in_use() == {"models", "code"}


async def test_a_cache_that_is_not_there_is_only_logged(tmp_path: Path) -> None:
    node = Node(tmp_path, {})
    await tidy_cache(node.settings, node.log.append)
    assert node.log[-1].startswith("the cache could not be tidied up:")
