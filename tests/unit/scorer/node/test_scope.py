import asyncio
import threading
from collections.abc import Awaitable

import pytest

from scorer_container.node.scope import (
    Changes,
    Scope,
    TimeLimit,
    all_within,
    answered_within,
    finish_anyway,
    in_thread,
)
from tests.unit.scorer.node.virtual_time import loop, run

pytestmark = pytest.mark.unit


async def for_ever(ends: list[str] | None = None) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        if ends is not None:
            await asyncio.sleep(1)  # what ends in good order takes its time
            ends.append("ended")


async def fail(seconds: float, error: Exception) -> None:
    await asyncio.sleep(seconds)
    raise error


def test_a_scope_ends_with_the_first_reason_and_waits_for_all_its_activities() -> None:
    async def work() -> None:
        ends: list[str] = []
        async with Scope[str]() as scope:
            scope.start(for_ever, ends)
            loop().call_later(1, scope.end, "first")
            loop().call_later(1, scope.end, "second")
            assert await scope.ended() == "first"
            assert ends == []
        assert (scope.reason, ends) == ("first", ["ended"])

    run(work())


def test_an_error_of_an_activity_is_the_reason_and_one_of_the_body_is_raised() -> None:
    async def work() -> None:
        error = ValueError("of an activity")
        async with Scope[str]() as scope:
            scope.start(fail, 1, error)
            scope.start(fail, 2, OSError("too late"))
            scope.start(for_ever)
            assert await scope.ended() is error
        ends: list[str] = []
        with pytest.raises(OSError, match="of the body"):
            async with Scope[str]() as scope:
                scope.start(for_ever, ends)
                await asyncio.sleep(1)
                raise OSError("of the body")
        assert (isinstance(scope.reason, OSError), ends) == (True, ["ended"])

    run(work())


def test_a_canceled_scope_ends_its_activities_and_passes_the_cancellation_on() -> None:
    async def work() -> None:
        ends: list[str] = []

        async def scoped() -> None:
            async with Scope[str]() as scope:
                scope.start(for_ever, ends)
                await scope.ended()

        task = asyncio.ensure_future(scoped())
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ends == ["ended"]

    run(work())


def test_what_is_started_while_a_scope_closes_never_begins() -> None:
    async def work() -> None:
        begun: list[str] = []
        async with Scope[str]() as scope:

            async def starts_another() -> None:
                try:
                    await asyncio.Event().wait()
                finally:
                    scope.start(begin)

            async def begin() -> None:
                begun.append("begun")
                await asyncio.Event().wait()

            scope.start(starts_another)
            await asyncio.sleep(1)
        assert begun == []

    run(work())


def test_a_scope_fails_with_another() -> None:
    async def work() -> None:
        async with Scope[str]() as outer, Scope[str]() as inner:
            inner.start(outer.failed)
            outer.end(ValueError("outer"))
            with pytest.raises(ValueError, match="outer"):
                await inner.failed()

    run(work())


def test_draining_waits_for_activities_that_end_by_themselves_but_not_for_ever() -> None:
    async def work() -> None:
        async with Scope[str]() as scope:
            began = loop().time()
            scope.start(asyncio.sleep, 3)
            await scope.drained(10)
            assert loop().time() - began == pytest.approx(3)
            scope.start(for_ever)
            await scope.drained(10)
            assert loop().time() - began == pytest.approx(13)

    run(work())


def test_those_who_wait_for_a_change_go_on_in_their_order_and_only_while_it_holds() -> None:
    async def work() -> None:
        changes, free, got = Changes(), 0, list[int]()

        async def take(number: int) -> None:
            nonlocal free
            await changes.until(lambda: free > 0)
            free -= 1
            got.append(number)

        tasks = [asyncio.ensure_future(take(number)) for number in range(3)]
        await asyncio.sleep(1)
        tasks[1].cancel()
        free = 1
        changes.tell()
        await asyncio.sleep(1)
        assert got == [0]
        free = 1
        changes.tell()
        await asyncio.wait(tasks)
        assert got == [0, 2]

    run(work())


def test_answers_of_one_time_limit_share_its_seconds() -> None:
    async def work() -> None:
        limit = TimeLimit(10)
        assert await limit.answer(asyncio.sleep(6, "first")) == "first"
        await asyncio.sleep(60)  # nobody waits for an answer
        assert await limit.answer(asyncio.sleep(3, "second")) == "second"
        with pytest.raises(TimeoutError):
            await limit.answer(asyncio.sleep(2))
        with pytest.raises(TimeoutError):
            await limit.answer(asyncio.sleep(0.1))

    run(work())


def test_a_machine_that_was_paused_loses_one_second_of_a_time_limit() -> None:
    async def work() -> None:
        answer = asyncio.ensure_future(answered_within(10, asyncio.sleep(3600 + 8, "late")))
        await asyncio.sleep(5)
        loop().pause(3600)
        assert await answer == "late"

    run(work())


def test_a_pause_during_an_answer_that_comes_costs_no_later_answer() -> None:
    async def work() -> None:
        limit = TimeLimit(10)
        first = asyncio.ensure_future(limit.answer(asyncio.sleep(0.5, "first")))
        await asyncio.sleep(0.2)
        loop().pause(3600)
        assert await first == "first"
        assert await limit.answer(asyncio.sleep(8, "second")) == "second"

    run(work())


@pytest.mark.parametrize("steps", [0, 1])
def test_an_answer_that_has_come_while_the_machine_was_paused_counts(steps: int) -> None:
    async def passed_on(answer: Awaitable[str]) -> str:
        return await answer

    async def work() -> None:
        answer: asyncio.Future[str] = loop().create_future()
        through = asyncio.ensure_future(passed_on(answer)) if steps else answer
        waiting = asyncio.ensure_future(answered_within(0.5, through))
        await asyncio.sleep(0.4)
        loop().call_later(0.05, answer.set_result, "there")
        loop().pause(100)
        assert await waiting == "there"

    run(work())


def test_an_error_instead_of_an_answer_is_raised() -> None:
    with pytest.raises(ValueError, match="no answer"):
        run(answered_within(10, fail(1, ValueError("no answer"))))


@pytest.mark.parametrize(("grace", "got"), [(2.0, ["message"]), (0.5, [])])
def test_a_call_under_way_may_end_after_its_caller_was_canceled(grace: float, got: list[str]) -> None:
    async def work() -> None:
        received: list[str] = []

        async def receive() -> None:
            await asyncio.sleep(1)
            received.append("message")

        caller = asyncio.ensure_future(finish_anyway(grace, receive))
        await asyncio.sleep(0.1)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        await asyncio.sleep(10)
        assert received == got

    run(work())


def test_a_call_that_is_finished_anyway_returns_and_raises_as_any_other() -> None:
    assert run(finish_anyway(1, asyncio.sleep, 5, "value")) == "value"
    with pytest.raises(ValueError, match="bad"):
        run(finish_anyway(1, fail, 5, ValueError("bad")))


def test_calls_that_hang_or_fail_cost_no_more_than_their_time() -> None:
    async def work() -> None:
        done: list[str] = []

        async def good() -> None:
            await asyncio.sleep(1)
            done.append("good")

        began = loop().time()
        await all_within(4, for_ever(), fail(1, ValueError("bad")), good())
        assert (done, loop().time() - began) == (["good"], pytest.approx(4))
        await all_within(4)

    run(work())


def test_whoever_waits_for_a_thread_is_canceled_only_after_its_end() -> None:
    begun, stopped, ended = threading.Event(), threading.Event(), list[str]()

    def block() -> None:
        begun.set()
        assert stopped.wait(30)
        ended.append("ended")

    async def stopped_by_its_caller() -> None:
        stopped.clear()
        begun.clear()
        task = asyncio.ensure_future(in_thread(block, stop=stopped.set))
        await asyncio.to_thread(begun.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def work() -> None:
        task = asyncio.ensure_future(in_thread(block, stop=lambda: None))
        await asyncio.to_thread(begun.wait, 30)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        assert not task.done()
        stopped.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == ["ended"]
        await stopped_by_its_caller()
        assert await in_thread(lambda: "value") == "value"

    asyncio.run(work())
