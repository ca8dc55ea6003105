"""The orchestration of a job on the real durable engine; its activities answer from a script."""

import asyncio
import json
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import azure.durable_functions as df
import pytest

from local.functions_host.app.functions import Outcome
from local.functions_host.durable.engine import DurableEngine
from local.functions_host.durable.hub.registry import DurableFunctions
from shared.triggers.background import orchestration
from shared.triggers.background.orchestration import NUDGE, ORCHESTRATOR

pytestmark = [
    pytest.mark.integration,
    # The SDK warns of every event that arrives before it is waited for; nudges do.
    pytest.mark.filterwarnings("ignore:Potential duplicate Task completion"),
]
ACTIVITIES = ["list_inputs", "size_work", "enqueue_tasks", "allocate_nodes", "watch_job", "merge_output", "finish_job"]
LISTED = {"files": 3, "marker": None, "done": True}
WAIT = {"action": "wait", "memory": {"generation": 1}, "seconds": 0.01}
MERGE = {"action": "merge", "memory": {}, "seconds": 0.01}


class Script:
    """Answers activities in turn (the last answer again and again) and notes what they were asked."""

    def __init__(self, **answers):
        self.answers = {name: list(given) for name, given in answers.items()}
        self.asked = defaultdict(list)
        app = df.DFApp()
        app.register_functions(orchestration.blueprint)
        (function,) = app.get_functions()
        self.orchestrator = function.get_user_function()

    async def run(self, function_name, trigger_value):
        if function_name == ORCHESTRATOR:
            try:
                return Outcome(True, await asyncio.to_thread(self.orchestrator, trigger_value))
            except Exception as error:
                return Outcome(False, error=f"{type(error).__name__}: {error}")
        request = json.loads(trigger_value)
        self.asked[function_name].append(request)
        given = self.answers.get(function_name, [{}])
        answer = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(answer, Exception):
            return Outcome(False, error=f"{type(answer).__name__}: {answer}")
        return Outcome(True, json.dumps(answer))


@pytest.fixture
def run_job(tmp_path, monkeypatch):
    monkeypatch.setattr(orchestration, "RETRIES", df.RetryOptions(1, 3))

    async def run(script, start=None, batch=None):
        functions = DurableFunctions([ORCHESTRATOR], ACTIVITIES)
        engine = DurableEngine(store=tmp_path / "hub.db", runner=script, functions=functions, batch=batch)
        await engine.start()
        try:
            given = json.dumps(json.dumps(start or {"job": "nightly"}))
            await engine.start_new(ORCHESTRATOR, "nightly", given)
            return await engine.wait_until_finished("nightly", 30)
        finally:
            await engine.stop(drain_seconds=2)

    return run


def end_of(script):
    (request,) = script.asked["finish_job"]
    return request["status"], request["failure"]


@pytest.mark.parametrize("batch", [1, 32, None])
async def test_a_job_goes_through_its_phases(run_job, batch):
    script = Script(
        list_inputs=[LISTED],
        size_work=[{"tasks": 2_500}],
        watch_job=[WAIT, WAIT, MERGE],
        merge_output=[{"complete": True}],
    )
    instance = await run_job(script, batch=batch)
    assert instance.status.name == "COMPLETED"
    assert [request["first"] for request in script.asked["enqueue_tasks"]] == [0, 1_000, 2_000]
    assert [request["memory"] for request in script.asked["watch_job"]] == [{}, {"generation": 1}, {"generation": 1}]
    assert end_of(script) == ("Completed", None)


async def test_a_long_listing_takes_several_calls(run_job):
    more = {"files": 100_000, "marker": "m", "done": False}
    script = Script(
        list_inputs=[more, LISTED], size_work=[{"tasks": 1}], watch_job=[MERGE], merge_output=[{"complete": True}]
    )
    await run_job(script)
    assert [request["listing"] for request in script.asked["list_inputs"]] == [{}, more]


@pytest.mark.parametrize("phase", ["list_inputs", "size_work", "allocate_nodes", "watch_job", "merge_output"])
async def test_a_failure_in_any_phase_fails_the_job_with_its_reason(run_job, phase):
    answers = {
        "list_inputs": [LISTED],
        "size_work": [{"tasks": 1}],
        "watch_job": [MERGE],
        "merge_output": [{"complete": True}],
    }
    failure = {"step": phase, "message": "no"}
    script = Script(**{**answers, phase: [{"failure": failure, "action": "fail"}]})
    await run_job(script)
    assert end_of(script) == ("Failed", failure)


@pytest.mark.parametrize("phase", ["list_inputs", "watch_job"])
async def test_a_canceled_job_ends_canceled(run_job, phase):
    answers = {"list_inputs": [LISTED], "size_work": [{"tasks": 1}]}
    script = Script(**{**answers, phase: [{"canceled": True}]})
    await run_job(script)
    assert end_of(script) == ("Canceled", None)


async def test_a_merge_that_finds_tasks_missing_goes_back_to_the_watch(run_job):
    script = Script(
        list_inputs=[LISTED],
        size_work=[{"tasks": 1}],
        watch_job=[MERGE],
        merge_output=[{"complete": False}, {"complete": True}],
    )
    await run_job(script)
    assert len(script.asked["merge_output"]) == 2
    assert end_of(script) == ("Completed", None)


async def test_a_job_ends_after_its_nodes_have_shut_down(run_job, monkeypatch):
    monkeypatch.setattr(orchestration, "SHUTDOWN_LOOK", timedelta(milliseconds=1))
    done = {"watch_job": [MERGE], "merge_output": [{"complete": True}]}
    start = {"job": "nightly", "phase": "watch", "memory": {}}
    script = Script(**done, finish_job=[{"waiting": True}, {"waiting": True}, {}])
    await run_job(script, start)
    assert len(script.asked["finish_job"]) == 3
    assert all("patient" not in request for request in script.asked["finish_job"])


async def test_a_node_that_never_shuts_down_does_not_keep_a_job_for_ever(run_job, monkeypatch):
    monkeypatch.setattr(orchestration, "SHUTDOWN_LOOK", timedelta(milliseconds=1))
    monkeypatch.setattr(orchestration, "SHUTDOWN_LIMIT", timedelta(0))
    script = Script(watch_job=[MERGE], merge_output=[{"complete": True}], finish_job=[{"waiting": True}, {}])
    await run_job(script, {"job": "nightly", "phase": "watch", "memory": {}})
    assert [request.get("patient", True) for request in script.asked["finish_job"]] == [True, False]


async def test_an_activity_that_raises_is_tried_again(run_job):
    script = Script(
        list_inputs=[OSError("storage is away"), LISTED],
        size_work=[{"tasks": 1}],
        watch_job=[MERGE],
        merge_output=[{"complete": True}],
    )
    await run_job(script)
    assert end_of(script) == ("Completed", None)


async def test_an_activity_that_never_works_ends_the_orchestration_but_not_the_job(run_job):
    instance = await run_job(Script(list_inputs=[OSError("storage is away")]))
    assert (instance.status.name, "storage is away" in (instance.output or "")) == ("FAILED", True)


async def test_a_resumed_job_begins_with_the_watch(run_job):
    script = Script(watch_job=[MERGE], merge_output=[{"complete": True}])
    await run_job(script, {"job": "nightly", "phase": "watch", "memory": {}})
    assert "list_inputs" not in script.asked
    assert end_of(script) == ("Completed", None)


async def test_a_nudge_ends_a_long_wait(tmp_path):
    script = Script(watch_job=[{**WAIT, "seconds": 3_600}, MERGE], merge_output=[{"complete": True}])
    functions = DurableFunctions([ORCHESTRATOR], ACTIVITIES)
    engine = DurableEngine(store=tmp_path / "hub.db", runner=script, functions=functions)
    await engine.start()
    try:
        start = json.dumps(json.dumps({"job": "nightly", "phase": "watch", "memory": {}}))
        await engine.start_new(ORCHESTRATOR, "nightly", start)
        await engine.raise_event("nightly", NUDGE, "true")
        instance = await engine.wait_until_finished("nightly", 30)
        assert instance.status.name == "COMPLETED"
    finally:
        await engine.stop(drain_seconds=2)


RECORDED = sorted(Path(__file__).with_name("recorded").glob("*.json"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_history_leads_todays_code_to_the_same_actions(path):
    """Replay of what an earlier version decided: a difference would break jobs that run during an upgrade."""
    recorded = json.loads(path.read_text())
    answer = json.loads(Script().orchestrator(json.dumps(recorded["context"])))
    assert {key: answer[key] for key in ("isDone", "actions")} == recorded["answer"]


def test_there_are_recorded_histories():
    assert RECORDED
