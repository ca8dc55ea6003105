import contextlib
import json
import sqlite3
from datetime import UTC, datetime

import pytest

from local.functions_host.durable.commit import commit_episode, start_instance
from local.functions_host.durable.episode import load_episode
from local.functions_host.durable.hub import history
from local.functions_host.durable.hub.errors import TaskHubFormatError
from local.functions_host.durable.hub.history import EventType
from local.functions_host.durable.hub.rows import Instance, Message, RuntimeStatus
from local.functions_host.durable.hub.store import TaskHub
from local.functions_host.durable.replayer import ContinuedAsNew, Decision
from local.functions_host.durable.scheduled import ScheduledActivity

pytestmark = pytest.mark.unit
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def hub(tmp_path):
    hub = TaskHub(tmp_path / "hub.db")
    hub.open(0)
    yield hub
    hub.close()


def begin(hub, instance_id="i", given='"{}"'):
    instance = Instance(instance_id, "e1", "orch", "", RuntimeStatus.PENDING, given, None, None, NOW, NOW)
    with hub.transaction():
        start_instance(hub, instance)


def send(hub, *names, execution_id=None):
    for name in names:
        hub.post(Message("i", json.dumps(history.event_raised(name, "1")), execution_id))


def kinds(events):
    return [event["EventType"] for event in events]


def test_the_context_has_what_the_sdk_reads(hub):
    begin(hub)
    context = json.loads(load_episode(hub, "i", None).context_json())
    assert context.pop("history")[0]["EventType"] == EventType.ORCHESTRATOR_STARTED
    assert context == {
        "input": "{}",
        "instanceId": "i",
        "isReplaying": False,
        "parentInstanceId": None,
        "upperSchemaVersion": 1,
        "upperSchemaVersionNew": 2,
        "longRunningTimerIntervalDuration": "3.00:00:00",
        "maximumShortTimerDuration": "6.00:00:00",
        "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
    }


def test_an_input_that_is_missing_is_null(hub):
    begin(hub, given=None)
    assert json.loads(load_episode(hub, "i", None).context_json())["input"] is None


def test_an_episode_is_written_as_started_messages_scheduled_completed(hub):
    begin(hub)
    episode = load_episode(hub, "i", None)
    scheduled = (ScheduledActivity(0, "a", "1"), ScheduledActivity(1, "b", "2"))
    commit_episode(hub, episode, Decision(scheduled=scheduled, next_id=2), '"busy"')
    events = [json.loads(text) for text in hub.history("i")]
    assert kinds(events) == [
        EventType.ORCHESTRATOR_STARTED,
        EventType.EXECUTION_STARTED,
        EventType.TASK_SCHEDULED,
        EventType.TASK_SCHEDULED,
        EventType.ORCHESTRATOR_COMPLETED,
    ]
    assert [event["IsPlayed"] for event in events] == [False, True, True, True, True]
    assert [(item.task_id, item.input_json) for item in hub.activities()] == [(0, "1"), (1, "2")]
    assert hub.instance("i").status is RuntimeStatus.RUNNING
    assert hub.instance("i").custom_status_json == '"busy"'
    assert load_episode(hub, "i", None) is None


@pytest.mark.parametrize(("batch", "taken"), [(1, 1), (2, 2), (None, 4)])
def test_an_episode_takes_at_most_a_batch_of_messages(hub, batch, taken):
    begin(hub)
    send(hub, "x", "y", "z")
    episode = load_episode(hub, "i", batch)
    assert len(episode.messages) == taken
    assert kinds(episode.new)[:2] == [EventType.ORCHESTRATOR_STARTED, EventType.EXECUTION_STARTED]


@pytest.mark.parametrize(("batch", "late"), [(1, ["late"]), (None, ["late", "later"])])
def test_a_new_generation_opens_with_its_carried_events_before_all_that_waits(hub, batch, late):
    """They do not count, or a generation that follows another at once would never get an event."""
    begin(hub)
    episode = load_episode(hub, "i", 1)
    send(hub, "late", "later")
    carried = tuple(history.event_raised(name, "1") for name in ("c1", "c2"))
    commit_episode(hub, episode, Decision(end=ContinuedAsNew('"next"', carried)), None)
    opening = load_episode(hub, "i", batch)
    assert opening.past == []
    assert opening.instance.input_json == '"next"'
    assert opening.instance.execution_id != "e1"
    assert [e.get("Name") for e in opening.new][1:] == ["orch", "c1", "c2", *late]


def test_messages_for_an_earlier_generation_are_not_delivered(hub):
    begin(hub)
    commit_episode(hub, load_episode(hub, "i", None), Decision(end=ContinuedAsNew("1", ())), None)
    commit_episode(hub, load_episode(hub, "i", None), Decision(), None)
    send(hub, "old", execution_id="e1")
    episode = load_episode(hub, "i", None)
    assert (len(episode.messages), episode.new) == (1, [])


def test_nothing_of_an_episode_is_kept_when_its_commit_fails(hub):
    begin(hub)
    episode = load_episode(hub, "i", None)
    twice = (ScheduledActivity(0, "a", "1"), ScheduledActivity(1, "b", object()))
    with pytest.raises(Exception, match="type 'object' is not supported"):
        commit_episode(hub, episode, Decision(scheduled=twice), None)
    assert hub.history("i") == []
    assert hub.activities() == []
    assert len(load_episode(hub, "i", None).messages) == 1


def test_an_answer_is_taken_once_and_only_for_the_running_generation(hub):
    begin(hub)
    row = hub.add_activity("i", "e1", 0, "a", "1")
    stale = hub.add_activity("i", "e0", 0, "a", "1")
    assert hub.answer("activities", row, Message("i", "{}", "e1"))
    assert not hub.answer("activities", row, Message("i", "{}", "e1"))
    assert not hub.answer("activities", stale, Message("i", "{}", "e0"))
    assert hub.activities() == []


def test_a_hub_of_another_format_is_refused(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "old.db")) as old:
        old.executescript("CREATE TABLE instances(x); PRAGMA user_version = 7;")
    with pytest.raises(TaskHubFormatError, match=r"old\.db has format 7; this host reads format 1"):
        TaskHub(tmp_path / "old.db").open(0)
