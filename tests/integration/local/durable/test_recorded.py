"""Histories that earlier versions recorded are replayed against today's code, episode by episode."""

import itertools
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.functions_host.durable.episode import Episode, run_episode
from local.functions_host.durable.hub.history import EventType, played
from local.functions_host.durable.hub.rows import Instance, RuntimeStatus
from local.functions_host.durable.replayer import Completed

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore:Potential duplicate Task completion"),
]
RECORDED = sorted(Path(__file__).with_name("recorded").glob("*.json"))
SCHEDULED = {EventType.TASK_SCHEDULED, EventType.TIMER_CREATED, EventType.SUB_ORCHESTRATION_CREATED}
AFTER_THE_CALL = {*SCHEDULED, EventType.EXECUTION_COMPLETED, EventType.ORCHESTRATOR_COMPLETED}


def episodes(events):
    """(past, new, what was scheduled) of each episode."""
    past = []
    for is_end, group in itertools.groupby(events, lambda e: e["EventType"] == EventType.ORCHESTRATOR_COMPLETED):
        part = list(group)
        if not is_end:
            new = [e for e in part if e["EventType"] not in AFTER_THE_CALL]
            yield list(past), new, [e for e in part if e["EventType"] in SCHEDULED]
        past += part


def instance_of(recorded):
    begun = next(e for e in recorded["history"] if e["EventType"] == EventType.EXECUTION_STARTED)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    ids = begun["OrchestrationInstance"]
    status = RuntimeStatus.RUNNING
    return Instance(
        ids["InstanceId"], ids["ExecutionId"], begun["Name"], "", status, begun["Input"], None, None, now, now
    )


def essence(event):
    return {key: event.get(key) for key in ("EventType", "EventId", "Name", "FireAt", "InstanceId")}


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
async def test_a_recorded_history_leads_to_the_same_decisions(make_engine, sample_app, path):
    recorded = json.loads(path.read_text())
    _, runner = make_engine(sample_app)
    functions = runner.registered()
    decision = None
    for past, new, scheduled in episodes(recorded["history"]):
        fresh = [{**event, "IsPlayed": False} for event in new]
        episode = Episode(instance_of(recorded), [played(event) for event in past], [], fresh)
        decision, _ = await run_episode(episode, runner, functions)
        assert [essence(task.event()) for task in decision.scheduled] == [essence(event) for event in scheduled]
    assert decision.end == Completed(recorded["output"])


def test_there_are_recorded_histories():
    assert RECORDED
