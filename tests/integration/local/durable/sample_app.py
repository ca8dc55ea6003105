"""Orchestrators of every shape that the engine has to run as Azure does."""

import datetime
import itertools
import json

import azure.durable_functions as df


def build() -> df.DFApp:
    app = df.DFApp()
    attempts = itertools.count(1)

    @app.activity_trigger(input_name="x")
    def double(x: int) -> int:
        return x * 2

    @app.activity_trigger(input_name="x")
    async def echo(x: str) -> str:
        return x

    @app.activity_trigger(input_name="x")
    def fail(x: str) -> str:
        raise ValueError(x)

    @app.activity_trigger(input_name="x")
    def fail_until_third(x: str) -> str:
        attempt = next(attempts)
        if attempt < 3:
            raise ValueError(f"attempt {attempt}")
        return f"ok after {attempt}"

    @app.orchestration_trigger(context_name="context")
    def fan_out(context):
        results = yield context.task_all([context.call_activity("double", n) for n in range(context.get_input())])
        return sum(results)

    @app.orchestration_trigger(context_name="context")
    def sequence(context):
        first = yield context.call_activity("echo", {"text": "a"})
        context.set_custom_status({"after": "first"})
        second = yield context.call_activity("echo", None)
        return [first, second, context.get_input(), str(context.new_uuid())[14]]

    @app.orchestration_trigger(context_name="context")
    def retry_ok(context):
        options = df.RetryOptions(first_retry_interval_in_milliseconds=10, max_number_of_attempts=3)
        result = yield context.call_activity_with_retry("fail_until_third", options, "x")
        after = yield context.call_activity("echo", "after")
        return [result, after]

    @app.orchestration_trigger(context_name="context")
    def retry_exhausted(context):
        options = df.RetryOptions(first_retry_interval_in_milliseconds=10, max_number_of_attempts=2)
        try:
            yield context.call_activity_with_retry("fail", options, "boom")
        except Exception as error:
            after = yield context.call_activity("echo", "recovered")
            return [str(error).split(" \n ")[0], after]

    @app.orchestration_trigger(context_name="context")
    def caught_activity(context):
        try:
            yield context.call_activity("fail", "boom")
        except Exception as error:
            reason, _, details = str(error).partition(" \n ")
            return [reason, json.loads(details)["Message"]]

    @app.orchestration_trigger(context_name="context")
    def uncaught_activity(context):
        yield context.call_activity("fail", "boom")

    @app.orchestration_trigger(context_name="context")
    def raises(context):
        context.set_custom_status("before the end")
        raise RuntimeError("bad thing")
        yield

    @app.orchestration_trigger(context_name="context")
    def caught_child(context):
        try:
            yield context.call_sub_orchestrator("raises", None, "child-of-" + context.instance_id)
        except Exception as error:
            return str(error).split(" \n ")[0]

    @app.orchestration_trigger(context_name="context")
    def retried_child(context):
        options = df.RetryOptions(first_retry_interval_in_milliseconds=10, max_number_of_attempts=2)
        try:
            yield context.call_sub_orchestrator_with_retry("raises", options, None)
        except Exception as error:
            return str(error).split(" \n ")[0]

    @app.orchestration_trigger(context_name="context")
    def parent(context):
        named = context.call_sub_orchestrator("child", {"n": 1}, instance_id="named-child")
        auto = context.call_sub_orchestrator("child", {"n": 2})
        return (yield context.task_all([named, auto]))

    @app.orchestration_trigger(context_name="context")
    def child(context):
        n = yield context.call_activity("double", context.get_input()["n"])
        return {"n": n, "id": context.instance_id, "parent": context.parent_instance_id}

    @app.orchestration_trigger(context_name="context")
    def event_or_timeout(context):
        seconds = context.get_input()
        timer = context.create_timer(context.current_utc_datetime + datetime.timedelta(seconds=seconds))
        event = context.wait_for_external_event("Go")
        winner = yield context.task_any([timer, event])
        if winner is event:
            timer.cancel()
            return ["event", event.result]
        return ["timeout"]

    @app.orchestration_trigger(context_name="context")
    def forgotten_timer(context):
        timer = context.create_timer(context.current_utc_datetime + datetime.timedelta(seconds=1))
        event = context.wait_for_external_event("Go")
        yield context.task_any([timer, event])
        return "not cancelled"

    @app.orchestration_trigger(context_name="context")
    def generations(context):
        state = context.get_input()
        if state["left"] == 0:
            return state["sum"]
        n = yield context.call_activity("double", state["left"])
        context.continue_as_new({"left": state["left"] - 1, "sum": state["sum"] + n})

    @app.orchestration_trigger(context_name="context")
    def endless(context):
        context.continue_as_new(context.get_input() + 1)

    @app.orchestration_trigger(context_name="context")
    def collect(context):
        """Takes one event a generation; those that come meanwhile must be carried over."""
        state = context.get_input()
        if len(state["got"]) == state["want"]:
            return sorted(state["got"])
        value = yield context.wait_for_external_event(f"item-{len(state['got'])}")
        context.continue_as_new({"want": state["want"], "got": [*state["got"], json.loads(value)]})

    @app.orchestration_trigger(context_name="context")
    def two_steps(context):
        yield context.wait_for_external_event("first")
        yield context.call_activity("echo", "between")
        yield context.wait_for_external_event("second")
        return "both"

    @app.orchestration_trigger(context_name="context")
    def fail_fast(context):
        """Python sees the first failure, but the host reports it only when the slow sibling ended."""
        wait = context.call_sub_orchestrator("two_steps", None, "slow-sibling")
        yield context.task_all([context.call_activity("fail", "quick"), wait])

    @app.orchestration_trigger(context_name="context")
    def mixed(context):
        tasks = [
            context.call_activity("double", 4),
            context.create_timer(context.current_utc_datetime + datetime.timedelta(milliseconds=20)),
            context.call_sub_orchestrator("child", {"n": 5}, instance_id="mixed-child"),
        ]
        doubled, timer, child_result = yield context.task_all(tasks)
        return [doubled, timer, child_result["n"]]

    @app.orchestration_trigger(context_name="context")
    def same_event_twice(context):
        yield context.wait_for_external_event("open")
        first = yield context.wait_for_external_event("e")
        second = yield context.wait_for_external_event("e")
        return [first, second]

    @app.orchestration_trigger(context_name="context")
    def window(context):
        """Keeps two tasks going; a task that was yielded before is not in the next action."""
        running = [context.call_activity("double", n) for n in (1, 2)]
        results = []
        for n in (3, 4, None, None):
            winner = yield context.task_any(running)
            running.remove(winner)
            results.append(winner.result)
            if n is not None:
                running.append(context.call_activity("double", n))
        return sorted(results)

    @app.orchestration_trigger(context_name="context")
    def clashing_child(context):
        try:
            yield context.call_sub_orchestrator("child", {"n": 1}, instance_id=context.instance_id)
        except Exception as error:
            return str(error).split(" \n ")[0]

    @app.orchestration_trigger(context_name="context")
    def everything(context):
        total = sum((yield context.task_all([context.call_activity("double", n) for n in range(3)])))
        options = df.RetryOptions(first_retry_interval_in_milliseconds=5, max_number_of_attempts=2)
        try:
            yield context.call_activity_with_retry("fail", options, "boom")
        except Exception as error:
            context.set_custom_status(str(error).split(" \n ")[0])
        timer = context.create_timer(context.current_utc_datetime + datetime.timedelta(hours=1))
        event = context.wait_for_external_event("Go")
        yield context.task_any([timer, event])
        timer.cancel()
        answer = yield context.call_sub_orchestrator("child", {"n": total}, instance_id="everything-child")
        pause = context.create_timer(context.current_utc_datetime + datetime.timedelta(milliseconds=5))
        yield pause
        return {"total": total, "child": answer["n"], "event": event.result}

    @app.orchestration_trigger(context_name="context")
    def unknown_activity(context):
        yield context.call_activity("nobody", 1)

    @app.orchestration_trigger(context_name="context")
    def not_json(context):
        return object()

    @app.orchestration_trigger(context_name="context")
    def calls_entity(context):
        yield context.call_entity(df.EntityId("counter", "k"), "add", 1)

    return app
