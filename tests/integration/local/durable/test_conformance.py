"""Real orchestrators of the Python SDK; every result must be the same however messages are batched."""

import asyncio
import json

import pytest

from local.functions_host.durable.hub.history import EventType
from local.functions_host.durable.hub.rows import RuntimeStatus

pytestmark = [
    pytest.mark.integration,
    # The SDK says so of every event that comes before somebody waits for it.
    pytest.mark.filterwarnings("ignore:Potential duplicate Task completion"),
]


def output(instance):
    assert instance.status is RuntimeStatus.COMPLETED, instance.output
    return json.loads(instance.output)


async def test_a_fan_out_returns_all_results(durable):
    assert output(await durable.run("fan_out", 40)) == sum(range(40)) * 2
    assert durable.runner.calls["double"] == 40


async def test_activities_in_a_row_pass_json_and_none(durable):
    instance = await durable.run("sequence", {"k": [1]})
    assert output(instance) == [{"text": "a"}, None, {"k": [1]}, "5"]
    assert json.loads(instance.custom_status_json) == {"after": "first"}


async def test_a_retried_activity_succeeds_and_the_next_task_follows(durable):
    assert output(await durable.run("retry_ok")) == ["ok after 3", "after"]


async def test_exhausted_retries_wait_for_one_more_timer_and_can_be_caught(durable):
    instance = await durable.run("retry_exhausted")
    assert output(instance) == ["Activity function 'fail' failed:  ValueError: boom", "recovered"]
    kinds = [event["EventType"] for event in await durable.engine.history(instance.instance_id)]
    assert kinds.count(EventType.TASK_FAILED) == 2
    assert kinds.count(EventType.TIMER_FIRED) == 2


async def test_a_caught_activity_failure_has_the_reason_with_two_blanks_and_dotnet_details(durable):
    reason, message = output(await durable.run("caught_activity"))
    assert reason == "Activity function 'fail' failed:  ValueError: boom"
    assert message == " ValueError: boom"


async def test_an_uncaught_activity_failure_fails_the_orchestration(durable):
    instance = await durable.run("uncaught_activity")
    assert instance.status is RuntimeStatus.FAILED
    assert instance.output.startswith(
        "Orchestrator function 'uncaught_activity' failed: Activity function 'fail' failed:  ValueError: boom \n {"
    )


async def test_an_orchestrator_that_raises_fails_and_keeps_its_custom_status(durable):
    instance = await durable.run("raises")
    assert instance.status is RuntimeStatus.FAILED
    assert instance.output == "Orchestrator function 'raises' failed: bad thing"
    assert instance.custom_status_json == '"before the end"'


async def test_a_failed_sub_orchestration_can_be_caught(durable):
    assert output(await durable.run("caught_child")) == "Orchestrator function 'raises' failed: bad thing"


async def test_a_retried_sub_orchestration_has_an_instance_for_each_attempt(durable):
    instance = await durable.run("retried_child")
    assert output(instance) == "Orchestrator function 'raises' failed: bad thing"
    for task_id in (0, 2):  # a timer lies between the attempts
        child = await durable.engine.instance(f"{instance.execution_id}:{task_id}")
        assert (child.name, child.status) == ("raises", RuntimeStatus.FAILED)


async def test_sub_orchestrations_have_given_ids_or_execution_id_and_task_id(durable):
    instance = await durable.run("parent")
    named, auto = output(instance)
    assert named == {"n": 2, "id": "named-child", "parent": instance.instance_id}
    assert auto == {"n": 4, "id": f"{instance.execution_id}:1", "parent": instance.instance_id}


async def test_activities_timers_and_children_complete_in_one_task_all(durable):
    assert output(await durable.run("mixed")) == [8, None, 10]


async def test_an_event_wins_and_the_cancelled_timer_does_not_hold_the_end(durable):
    instance_id = await durable.start("event_or_timeout", 3600)
    await durable.engine.raise_event(instance_id, "Go", json.dumps(json.dumps({"x": 1})))
    assert output(await durable.finished(instance_id)) == ["event", '{"x": 1}']


async def test_events_posted_as_plain_json_arrive_decoded(durable):
    instance_id = await durable.start("event_or_timeout", 3600)
    await durable.engine.raise_event(instance_id, "Go", '{"x": 1}')
    assert output(await durable.finished(instance_id)) == ["event", {"x": 1}]


async def test_a_timer_wins_without_an_event(durable):
    assert output(await durable.run("event_or_timeout", 0.02)) == ["timeout"]


async def test_a_losing_timer_that_is_not_cancelled_holds_the_end(durable):
    instance_id = await durable.start("forgotten_timer")
    await durable.engine.raise_event(instance_id, "Go")
    assert output(await durable.finished(instance_id)) == "not cancelled"
    events = await durable.engine.history(instance_id)
    assert EventType.TIMER_FIRED in [event["EventType"] for event in events]


async def test_generations_follow_each_other_with_a_fresh_history(durable):
    instance_id = await durable.start("generations", {"left": 12, "sum": 0})
    instance = await durable.finished(instance_id)
    assert output(instance) == sum(range(13)) * 2
    assert instance.generation == 12
    events = await durable.engine.history(instance_id)
    kinds = [event["EventType"] for event in events]
    assert kinds == [
        EventType.ORCHESTRATOR_STARTED,
        EventType.EXECUTION_STARTED,
        EventType.EXECUTION_COMPLETED,
        EventType.ORCHESTRATOR_COMPLETED,
    ]
    assert events[1]["OrchestrationInstance"]["ExecutionId"] == instance.execution_id


async def test_events_that_come_while_a_generation_ends_reach_the_next(durable):
    instance_id = await durable.start("collect", {"want": 6, "got": []})
    for n in range(6):
        await durable.engine.raise_event(instance_id, f"item-{n}", json.dumps(str(n)))
    assert output(await durable.finished(instance_id)) == list(range(6))


async def test_a_failure_in_task_all_is_reported_when_the_slowest_sibling_ended(durable):
    instance_id = await durable.start("fail_fast")
    engine = durable.engine

    async def failure_recorded():
        return EventType.TASK_FAILED in [e["EventType"] for e in await engine.history(instance_id)]

    await durable.until(failure_recorded)
    assert (await engine.instance(instance_id)).status is RuntimeStatus.RUNNING
    await engine.raise_event("slow-sibling", "first")
    await engine.raise_event("slow-sibling", "second")
    instance = await durable.finished(instance_id)
    assert "ValueError: quick" in instance.output


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("unknown_activity", "The function 'nobody' doesn't exist, is disabled, or is not an activity function."),
        ("not_json", "Object of type object is not JSON serializable"),
        ("calls_entity", "call_entity is not offered by the local Functions host"),
    ],
)
async def test_what_cannot_be_done_fails_the_orchestration_by_name(durable, name, words):
    instance = await durable.run(name)
    assert instance.status is RuntimeStatus.FAILED
    assert instance.output.startswith(f"Orchestrator function '{name}' failed: {words}")


async def test_many_instances_run_side_by_side(durable):
    ids = [await durable.start("fan_out", 3) for _ in range(20)]
    results = await asyncio.gather(*(durable.finished(instance_id) for instance_id in ids))
    assert [output(result) for result in results] == [6] * 20


async def test_of_two_early_events_of_one_name_the_sdk_keeps_the_last(durable):
    """A defect of the SDK that apps meet in Azure as well: use names like `done-<id>`."""
    instance_id = await durable.start("same_event_twice")
    await durable.engine.raise_event(instance_id, "e", "1")
    await durable.engine.raise_event(instance_id, "e", "2")
    await durable.engine.raise_event(instance_id, "open")
    assert output(await durable.finished(instance_id)) == [2, 2]


async def test_an_event_in_other_case_reaches_the_host_but_not_the_sdk(durable):
    instance_id = await durable.start("event_or_timeout", 3600)
    engine = durable.engine
    await engine.raise_event(instance_id, "GO", "1")

    async def recorded():
        return EventType.EVENT_RAISED in [e["EventType"] for e in await engine.history(instance_id)]

    await durable.until(recorded)
    assert (await engine.instance(instance_id)).status is RuntimeStatus.RUNNING
    await engine.raise_event(instance_id, "Go", "2")
    assert output(await durable.finished(instance_id)) == ["event", 2]


async def test_a_window_of_tasks_delivers_all_results(durable):
    assert output(await durable.run("window")) == [2, 4, 6, 8]


async def test_a_child_with_the_id_of_a_running_instance_fails(durable):
    instance = await durable.run("clashing_child", instance_id="me")
    assert output(instance) == "An Orchestration instance with the status Running already exists."


async def test_a_pending_message_for_a_finished_instance_is_dropped(durable):
    instance_id = await durable.start("uncaught_activity")
    await durable.finished(instance_id)
    instance = await durable.run("child", {"n": 1}, instance_id)
    assert (instance.name, output(instance)["n"]) == ("child", 2)


async def test_the_same_orchestration_gives_the_same_history_shape(durable):
    instance_id = await durable.start("everything")
    await durable.engine.raise_event(instance_id, "Go", "7")
    instance = await durable.finished(instance_id)
    assert output(instance) == {"total": 6, "child": 12, "event": 7}
    assert json.loads(instance.custom_status_json) == "Activity function 'fail' failed:  ValueError: boom"
    events = await durable.engine.history(instance_id)
    scheduled = [(e["EventType"], e["EventId"]) for e in events if e["EventId"] >= 0]
    assert scheduled == [
        (EventType.TASK_SCHEDULED, 0),
        (EventType.TASK_SCHEDULED, 1),
        (EventType.TASK_SCHEDULED, 2),
        (EventType.TASK_SCHEDULED, 3),
        (EventType.TIMER_CREATED, 4),
        (EventType.TASK_SCHEDULED, 5),
        (EventType.TIMER_CREATED, 6),
        (EventType.TIMER_CREATED, 7),
        (EventType.SUB_ORCHESTRATION_CREATED, 8),
        (EventType.TIMER_CREATED, 9),
        (EventType.EXECUTION_COMPLETED, 10),
    ]


async def test_an_orchestration_that_never_waits_can_be_stopped_and_continued(durable):
    instance_id = await durable.start("endless", 0)

    async def third_generation():
        return (await durable.engine.instance(instance_id)).generation > 2

    await durable.until(third_generation)
    await durable.engine.stop(drain_seconds=60)
    await durable.engine.start()
    generation = (await durable.engine.instance(instance_id)).generation

    async def goes_on():
        return (await durable.engine.instance(instance_id)).generation > generation

    await durable.until(goes_on)
