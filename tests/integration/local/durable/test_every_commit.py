"""Whatever commit a host dies after, the next one brings the orchestration to the same end."""

import contextlib
import json
import sqlite3

import pytest

from local.functions_host.durable.hub.rows import RuntimeStatus
from local.functions_host.durable.hub.store import TaskHub

pytestmark = pytest.mark.integration

ENDS = {
    "mixed": (None, [8, None, 10]),
    "caught_child": (None, "Orchestrator function 'raises' failed: bad thing"),
    "retry_exhausted": (None, ["Activity function 'fail' failed:  ValueError: boom", "recovered"]),
    "generations": ({"left": 2, "sum": 0}, 6),
    "window": (None, [2, 4, 6, 8]),
}


@pytest.fixture
def commits(monkeypatch, tmp_path):
    """Copies of the task hub as it was after each commit."""
    copies = []
    transaction = TaskHub.transaction

    @contextlib.contextmanager
    def copied(hub):
        with transaction(hub) as db:
            yield db
        copies.append(tmp_path / f"after-{len(copies)}.db")
        with contextlib.closing(sqlite3.connect(copies[-1])) as copy:
            hub._db.backup(copy)

    with monkeypatch.context() as patch:
        patch.setattr(TaskHub, "transaction", copied)
        yield copies


class Listed:
    """An app's functions can be listed only once; hand the listed ones on."""

    def __init__(self, runner):
        self.get_functions = lambda: list(runner.functions.values())


@pytest.mark.parametrize("name", ENDS)
async def test_an_orchestration_continues_from_each_commit_to_the_same_end(make_engine, sample_app, commits, name):
    given, expected = ENDS[name]
    engine, runner = make_engine(sample_app, batch=1)
    await engine.start()
    await engine.start_new(name, "it", json.dumps(json.dumps(given)))
    instance = await engine.wait_until_finished("it", 30)
    assert json.loads(instance.output) == expected
    await engine.stop()

    recorded = list(commits)
    assert len(recorded) >= 4
    for path in recorded:
        again, _ = make_engine(Listed(runner), store=path)
        await again.start()
        instance = await again.wait_until_finished("it", 30)
        await again.stop()
        assert (instance.status, json.loads(instance.output)) == (RuntimeStatus.COMPLETED, expected), path.name
