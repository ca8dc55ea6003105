"""The replayer on histories written by hand; the rules are those of the extension's out-of-process shim."""

from datetime import UTC, datetime, timedelta

import pytest

from local.functions_host.durable import action_starter
from local.functions_host.durable.hub import history
from local.functions_host.durable.hub.history import to_text
from local.functions_host.durable.hub.registry import DurableFunctions
from local.functions_host.durable.replayer import Completed, ContinuedAsNew, Failed, Replayer
from local.functions_host.durable.scheduled import ScheduledActivity, ScheduledChild, ScheduledTimer
from local.functions_host.durable.state import OrchestratorState

pytestmark = pytest.mark.unit

FUNCTIONS = DurableFunctions(["orch", "child"], ["a", "b"])
T0 = datetime(2026, 1, 1, tzinfo=UTC)


def activity(name="a", given="null"):
    return {"actionType": 0, "functionName": name, "input": given}


def retried(attempts=2, **options):
    policy = {"firstRetryIntervalInMilliseconds": 5000, "maxNumberOfAttempts": attempts, **options}
    return when_all({"actionType": 1, "functionName": "a", "input": "1", "retryOptions": policy})


def timer(seconds, *, cancelled=False):
    return {"actionType": 5, "fireAt": to_text(T0 + timedelta(seconds=seconds)), "isCanceled": cancelled}


def event(name):
    return {"actionType": 6, "externalEventName": name, "reason": "ExternalEvent"}


def child(instance_id=None):
    return {"actionType": 2, "functionName": "child", "input": "[1]", "instanceId": instance_id, "version": None}


def when_any(*children):
    return {"actionType": 11, "compoundActions": list(children)}


def when_all(*children):
    return {"actionType": 12, "compoundActions": list(children)}


CONTINUE = {"actionType": 4, "input": '{"n": 2}'}


def started(seconds=0):
    return history.orchestrator_started() | {"Timestamp": to_text(T0 + timedelta(seconds=seconds))}


def beginning():
    begun = history.execution_started(name="orch", instance_id="i", execution_id="exec", input_json=None)
    return [started(), begun]


def replay(actions, *events, done=False, error="", output=None):
    state = OrchestratorState(actions, done, output, error, details="details")
    replayer = Replayer(name="orch", execution_id="exec", state=state, functions=FUNCTIONS)
    return replayer.replay([*beginning(), *events])


def ids(decision):
    return [task.task_id for task in decision.scheduled]


DONE = history.task_completed
FIRED = lambda task_id: history.timer_fired(task_id, T0)  # noqa: E731 - reads as the other events
SCHEDULED = history.task_scheduled
CREATED = lambda task_id: history.timer_created(task_id, T0)  # noqa: E731 - reads as the other events
FAILED = lambda task_id: history.task_failed(task_id, "r", "d")  # noqa: E731 - reads as the other events


def raised(name):
    return history.event_raised(name, "null")


def test_an_action_starts_only_when_the_one_before_is_complete():
    assert ids(replay([activity(), activity("b")])) == [0]
    second = replay([activity(), activity("b")], SCHEDULED(0, "a"), started(1), DONE(0, "1"))
    assert second.scheduled == (ScheduledActivity(1, "b", "null"),)


def test_sequence_numbers_follow_the_list_and_external_events_have_none():
    compound = when_all(activity(), event("e"), when_any(timer(9), child("c")))
    assert replay([compound]).scheduled == (
        ScheduledActivity(0, "a", "null"),
        ScheduledTimer(1, T0 + timedelta(seconds=9)),
        ScheduledChild(2, "child", "c", '"[1]"'),
    )


def test_a_child_without_an_id_is_named_after_execution_and_task():
    assert replay([when_all(activity(), child())]).scheduled[1].instance_id == "exec:1"


@pytest.mark.parametrize("bad", ["@x", "a/b", "x" * 101])
def test_a_child_with_an_impossible_id_fails_the_orchestration(bad):
    assert "Instance id" in replay([child(bad)]).end.reason


def test_an_action_is_complete_also_when_its_task_failed():
    assert ids(replay([activity(), activity("b")], SCHEDULED(0, "a"), started(1), FAILED(0))) == [1]


def test_when_all_waits_for_the_slowest_child_also_after_a_failure():
    actions = [when_all(activity(), activity("b")), activity()]
    past = [SCHEDULED(0, "a"), SCHEDULED(1, "b"), started(1), FAILED(0)]
    assert ids(replay(actions, *past)) == []
    assert ids(replay(actions, *past, DONE(1, "1"))) == [2]


def test_a_failure_is_reported_only_when_no_task_is_open():
    actions = [when_all(activity(), activity("b"))]
    past = [SCHEDULED(0, "a"), SCHEDULED(1, "b"), started(1), FAILED(0)]
    assert replay(actions, *past, error="x").end is None
    assert replay(actions, *past, DONE(1, "1"), error="x").end == Failed(
        "Orchestrator function 'orch' failed: x", "details"
    )


def test_when_any_is_complete_with_the_first_child_but_the_loser_holds_the_end():
    actions = [when_any(timer(9), event("e"))]
    past = [CREATED(0), started(1), raised("e")]
    assert replay(actions, *past, done=True).end is None
    assert replay(actions, *past, started(9), FIRED(0), done=True, output="1").end == Completed("1")


def test_a_cancelled_timer_keeps_its_number_and_lets_the_orchestration_end():
    actions = [when_any(timer(9, cancelled=True), event("e")), activity()]
    past = [CREATED(0), started(1), raised("e")]
    assert ids(replay(actions, *past)) == [1]
    assert replay([actions[0]], *past, done=True).end == Completed(None)


def test_a_cancelled_timer_that_fires_later_is_ignored():
    actions = [when_any(timer(9, cancelled=True), event("e")), activity()]
    past = [CREATED(0), started(1), raised("e"), SCHEDULED(1, "a")]
    assert replay(actions, *past, started(2), FIRED(0), done=True).end is None
    assert replay(actions, *past, started(2), FIRED(0), DONE(1, "1"), done=True).end == Completed(None)


def test_an_external_wait_does_not_hold_the_end():
    assert replay([when_any(event("e"), activity())], SCHEDULED(0, "a"), DONE(0, "1"), done=True).end is not None


def test_event_names_are_compared_without_case():
    assert ids(replay([event("Go"), activity()], raised("gO"))) == [0]


def test_events_that_come_early_are_kept_in_order():
    actions = [activity(), event("e"), event("e"), activity("b")]
    past = [SCHEDULED(0, "a"), started(1), raised("e"), raised("e"), started(2)]
    assert ids(replay(actions, *past, DONE(0, "1"))) == [1]
    assert ids(replay(actions, *past[:-2], DONE(0, "1"))) == [], "one event serves one wait"


def test_the_last_waiter_is_served_first():
    actions = [when_any(event("e"), timer(9)), event("e"), activity()]
    past = [CREATED(0), started(9), FIRED(0), raised("e")]
    assert ids(replay(actions, *past)) == [1], "the forgotten wait of the first action takes nothing away"


def test_a_retry_is_a_timer_and_then_a_new_task():
    first = replay([retried()], SCHEDULED(0, "a"), started(1), FAILED(0))
    assert first.scheduled == (ScheduledTimer(1, T0 + timedelta(seconds=6)),)
    again = replay([retried()], SCHEDULED(0, "a"), started(1), FAILED(0), CREATED(1), started(6), FIRED(1))
    assert again.scheduled == (ScheduledActivity(2, "a", "1"),)


EXHAUSTED = [SCHEDULED(0, "a"), started(1), FAILED(0), CREATED(1), started(6), FIRED(1), SCHEDULED(2, "a")]


def test_after_the_last_attempt_one_more_timer_fires_at_once():
    decision = replay([retried()], *EXHAUSTED, started(7), FAILED(2))
    assert decision.scheduled == (ScheduledTimer(3, T0 + timedelta(seconds=7)),)
    assert replay([retried()], *EXHAUSTED, started(7), FAILED(2), error="x").end is None
    end = replay([retried()], *EXHAUSTED, started(7), FAILED(2), CREATED(3), started(8), FIRED(3), error="x").end
    assert isinstance(end, Failed)


def test_a_retry_that_succeeds_has_no_further_timer():
    decision = replay([retried(), activity("b")], *EXHAUSTED, started(7), DONE(2, "1"))
    assert decision.scheduled == (ScheduledActivity(3, "b", "null"),)


def test_the_pause_stays_the_same_unless_a_coefficient_is_given_and_ends_at_six_days():
    policy = action_starter.RetryPolicy(timedelta(seconds=5), 5)
    assert [policy.delay_after(n).total_seconds() for n in (1, 2, 4, 5)] == [5, 5, 5, 0]
    doubled = action_starter.RetryPolicy.of(
        {"firstRetryIntervalInMilliseconds": 5000, "maxNumberOfAttempts": 99, "backoffCoefficient": 2}
    )
    assert [doubled.delay_after(n).total_seconds() for n in (1, 2, 3)] == [5, 10, 20]
    assert doubled.delay_after(60) == timedelta(days=6)


def test_the_later_segments_of_a_long_timer_hold_what_follows():
    """In `task_any` the segments are actions of their own: after the first all waits for the second."""
    segments = [when_any(when_all(timer(259200)), event("e")), timer(518400), activity()]
    past = [CREATED(0), started(259200), FIRED(0)]
    assert ids(replay(segments, *past)) == [1]
    assert ids(replay(segments, *past, CREATED(1), started(259300), raised("e"))) == []
    assert ids(replay(segments, *past, CREATED(1), started(518400), FIRED(1))) == [2]


def test_continue_as_new_carries_the_events_that_come_after_it():
    early, late = raised("early"), raised("late")
    decision = replay([activity(), CONTINUE], SCHEDULED(0, "a"), started(1), early, DONE(0, "1"), late, done=True)
    assert decision.end == ContinuedAsNew('"{\\"n\\": 2}"', (late,)), "what came before and nobody took is dropped"


def test_continue_as_new_waits_for_open_tasks():
    actions = [when_any(timer(9), event("e")), CONTINUE]
    assert replay(actions, CREATED(0), started(1), raised("e"), done=True).end is None


def test_an_error_after_continue_as_new_fails():
    assert isinstance(replay([CONTINUE], done=True, error="x").end, Failed)


@pytest.mark.parametrize(
    ("recorded", "words"),
    [
        (SCHEDULED(0, "b"), "named 'b', but the current replay scheduled an activity task named 'a' there"),
        (CREATED(0), "scheduled a timer task with sequence number 0, but the current replay scheduled an activity"),
        (SCHEDULED(1, "a"), "sequence number 1 named 'a', but the current replay hasn't \\(yet\\?\\) scheduled"),
        (history.sub_orchestration_created(0, "a", "i", None), "scheduled a sub-orchestration task"),
    ],
)
def test_a_history_that_does_not_fit_the_code_is_non_deterministic(recorded, words):
    end = replay([activity()], recorded, started(1)).end
    assert isinstance(end, Failed)
    assert end.reason.startswith("Non-Deterministic workflow detected: A previous execution")
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(end.reason)


def test_names_of_functions_are_compared_without_case():
    assert replay([activity("A")], SCHEDULED(0, "a"), DONE(0, "1"), done=True).end == Completed(None)


def test_the_number_of_tasks_is_bounded(monkeypatch):
    monkeypatch.setattr(action_starter, "MAX_ACTIONS", 2)
    end = replay([when_all(activity(), activity(), activity())]).end
    assert end.reason.endswith("Maximum amount of orchestration actions (2) has been reached.")


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ({"actionType": 8, "httpRequest": {}}, "call_http is not offered by the local Functions host"),
        ({"actionType": 9}, "signal_entity is not offered"),
        ({"actionType": 77}, "unexpected action type from the out-of-proc function: '77'"),
        (activity("nobody"), "The function 'nobody' doesn't exist, is disabled, or is not an activity function"),
        (activity("orch"), "known activity functions: 'a', 'b'"),
        (when_any(), "task_any needs at least one task"),
    ],
)
def test_actions_that_cannot_be_carried_out_fail_by_name(action, words):
    assert words in replay([action]).end.reason


def test_a_repeated_end_of_a_task_is_ignored():
    assert ids(replay([activity(), activity("b")], SCHEDULED(0, "a"), DONE(0, "1"), DONE(0, "2"))) == [1]
