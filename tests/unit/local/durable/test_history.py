import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from local.functions_host.durable.hub import history
from local.functions_host.durable.hub.history import EventType, from_text, played, to_text

pytestmark = pytest.mark.unit


def test_times_have_seven_decimals_and_z():
    moment = datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=timezone(timedelta(hours=1)))
    assert to_text(moment) == "2026-01-02T02:04:05.0006000Z"
    assert from_text(to_text(moment)) == moment


@pytest.mark.parametrize(
    "text", ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z", "2026-01-02T04:04:05+01:00", "2026-01-02T03:04:05"]
)
def test_times_of_clients_are_read(text):
    assert from_text(text) == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_all_past_events_are_played_except_orchestrator_started():
    assert json.loads(played(history.orchestrator_started()))["IsPlayed"] is False
    assert json.loads(played(history.task_completed(0, "1")))["IsPlayed"] is True


def test_events_have_the_fields_that_the_sdk_reads():
    common = {"EventType", "EventId", "IsPlayed", "Timestamp"}
    scheduled = history.task_scheduled(7, "a")
    assert (scheduled["EventType"], scheduled["EventId"]) == (EventType.TASK_SCHEDULED, 7)
    assert scheduled.keys() == common | {"Name", "Version", "Input"}
    completed = history.task_completed(7, "1")
    assert (completed["EventId"], completed["TaskScheduledId"]) == (-1, 7)
    fired = history.timer_fired(8, history.utc_now())
    assert (fired["EventId"], fired["TimerId"]) == (-1, 8)
    begun = history.execution_started(name="o", instance_id="i", execution_id="e", input_json=None)
    assert begun["OrchestrationInstance"] == {"InstanceId": "i", "ExecutionId": "e"}
    assert begun["Version"] == ""
