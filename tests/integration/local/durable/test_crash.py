"""A host that is killed in the middle loses nothing: finished activities are not run again."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import azure.durable_functions as df
import pytest

from local.functions_host.durable.hub.errors import TaskHubBusyError
from local.functions_host.durable.hub.history import EventType
from local.functions_host.durable.hub.rows import RuntimeStatus

pytestmark = pytest.mark.integration
CHILD = Path(__file__).with_name("crash_child.py")
ROOT = Path(__file__).parents[4]
ACTIVITIES = 60
GENERATIONS = 3


async def child(folder, *, batch):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, str(CHILD), str(folder), str(batch), str(ACTIVITIES), str(GENERATIONS)]
    return await asyncio.create_subprocess_exec(*arguments, env=environment)


def ended(folder):
    """Activities whose end was written before the line in this file: at least these are finished."""
    path = folder / "done.log"
    return path.read_text().split() if path.exists() else []


@pytest.mark.parametrize("batch", ["1", "all"])
async def test_the_result_is_right_after_three_kills(until, tmp_path, batch):
    for kill_at in (5, 70, 130):
        process = await child(tmp_path, batch=batch)
        async with asyncio.timeout(60):
            while len(ended(tmp_path)) < kill_at:
                assert process.returncode is None, "the child ended before it could be killed"
                await asyncio.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
    process = await child(tmp_path, batch=batch)
    assert await asyncio.wait_for(process.wait(), 90) == 0
    result = json.loads((tmp_path / "result.json").read_text())
    assert result == {"status": "Completed", "output": json.dumps(sum(range(ACTIVITIES)) * 2 * GENERATIONS)}
    runs = Counter(ended(tmp_path))
    assert len(runs) == ACTIVITIES * GENERATIONS
    # At a kill at most the running activities (4) have written their line but not committed their end.
    repeated = sum(count - 1 for count in runs.values())
    assert repeated <= 3 * 4


async def test_work_abandoned_by_a_stop_runs_again(make_engine, sample_app, tmp_path):
    engine, runner = make_engine(sample_app, store=tmp_path / "hub.db")
    release = asyncio.Event()
    run = runner.run

    async def held(name, value):
        if name == "double" and runner.calls["double"] == 0:
            runner.calls["double"] += 1
            release.set()
            await asyncio.Event().wait()
        return await run(name, value)

    runner.run = held
    await engine.start()
    instance_id = await engine.start_new("fan_out", input_json='"2"')
    await asyncio.wait_for(release.wait(), 20)
    await engine.stop(drain_seconds=0)

    again, _ = make_engine(rebuilt(runner), store=tmp_path / "hub.db")
    await again.start()
    instance = await again.wait_until_finished(instance_id, 20)
    await again.stop()
    assert (instance.status, instance.output) == (RuntimeStatus.COMPLETED, "2")


def rebuilt(runner):
    """An app's functions can be listed only once; hand the listed ones on."""

    class Listed:
        def get_functions(self):
            return list(runner.functions.values())

    return Listed()


async def test_a_timer_that_is_due_while_nothing_runs_fires_at_the_next_start(until, make_engine, sample_app, tmp_path):
    engine, runner = make_engine(sample_app, store=tmp_path / "hub.db")
    await engine.start()
    instance_id = await engine.start_new("event_or_timeout", input_json='"0.3"')

    async def timer_is_set():
        return EventType.TIMER_CREATED in [e["EventType"] for e in await engine.history(instance_id)]

    await until(timer_is_set)
    await engine.stop()
    again, _ = make_engine(rebuilt(runner), store=tmp_path / "hub.db")
    await again.start()
    instance = await again.wait_until_finished(instance_id, 20)
    await again.stop()
    assert instance.output == '["timeout"]'


async def test_a_hub_belongs_to_one_engine(make_engine, sample_app, tmp_path):
    first, runner = make_engine(sample_app, store=tmp_path / "hub.db")
    await first.start()
    second, _ = make_engine(rebuilt(runner), store=tmp_path / "hub.db", wait_for_hub_seconds=0.1)
    with pytest.raises(TaskHubBusyError, match=r"Task hub hub\.db is in use by another host"):
        await second.start()
    await first.stop()
    await second.start()
    await second.stop()


async def test_an_orchestrator_that_was_changed_meanwhile_is_non_deterministic(make_engine, until, tmp_path):
    def app(first_activity):
        app = df.DFApp()

        @app.activity_trigger(input_name="x")
        def old(x: str) -> str:
            return x

        @app.activity_trigger(input_name="x")
        def new(x: str) -> str:
            return x

        @app.orchestration_trigger(context_name="context")
        def changed(context):
            yield context.call_activity(first_activity)
            yield context.wait_for_external_event("Go")

        return app

    engine, runner = make_engine(app("old"), store=tmp_path / "hub.db")
    await engine.start()
    instance_id = await engine.start_new("changed")

    async def waits():
        return runner.calls["changed"] == 2

    await until(waits)
    await engine.stop()
    engine, _ = make_engine(app("new"), store=tmp_path / "hub.db")
    await engine.start()
    await engine.raise_event(instance_id, "Go")
    instance = await engine.wait_until_finished(instance_id, 20)
    await engine.stop()
    assert instance.status is RuntimeStatus.FAILED
    assert "activity task with sequence number 0 named 'old', but the current replay scheduled" in instance.output
