import asyncio

import pytest

from scorer_container.node.held import HeldMessage, HeldTask, Lease, Work
from scorer_container.node.in_hand import InHand
from scorer_container.node.scope import Scope
from scorer_container.node.storage.errors import LeaseLostError, StorageRefusedError
from shared.contracts.messages import TaskMessage
from tests.unit.scorer.node.stored import UNAVAILABLE, MemoryQueue
from tests.unit.scorer.node.virtual_time import loop, run

pytestmark = pytest.mark.unit

LEASE = 30


def task_text(task: int = 7, **values: int) -> str:
    return TaskMessage(task=task, first_mini_batch=70, mini_batches=3, **values).to_text()


async def held(queue: MemoryQueue, text: str = "", log: list[str] | None = None, dequeues: int = 0) -> HeldTask:
    message = queue.put(text or task_text(), dequeues)
    asked_at = loop().time()
    (received,) = [one for one in await queue.receive(32, LEASE) if one.id == message.id]
    return HeldTask(queue, received, asked_at, LEASE, (log if log is not None else []).append)


def visible(queue: MemoryQueue) -> bool:
    (message,) = queue.messages
    return message.visible_at <= loop().time()


def test_a_lease_that_is_renewed_does_not_end() -> None:
    async def work() -> None:
        task = await held(queue := MemoryQueue())
        await asyncio.sleep(20)
        await task.renew()
        await asyncio.sleep(20)
        assert (task.is_ours, visible(queue)) == (True, False)
        await asyncio.sleep(11)
        assert (task.is_ours, visible(queue), task.lease) == (False, True, Lease.HELD)

    run(work())


def test_a_renewal_is_tried_again_until_storage_answers_and_told_once() -> None:
    async def work() -> None:
        log: list[str] = []
        task = await held(queue := MemoryQueue(), log=log)
        queue.fail["renew"] = [UNAVAILABLE] * 3
        await task.renew()
        assert queue.calls.count("renew") == 4
        assert (task.is_ours, len(log)) == (True, 1)

    run(work())


def test_a_lost_lease_is_told_and_nothing_is_deleted_or_given_back_under_it() -> None:
    async def work() -> None:
        task = await held(queue := MemoryQueue())
        await asyncio.sleep(LEASE)
        await queue.receive(1, LEASE)  # by another node
        await task.renew()
        assert (task.lease, task.lost.is_set()) == (Lease.LOST, True)
        calls = len(queue.calls)
        assert await task.acknowledge() is False
        await task.give_back()
        assert len(queue.calls) == calls
        assert len(queue.messages) == 1

    run(work())


def test_what_was_lost_is_not_ours_although_its_time_is_not_over() -> None:
    async def work() -> None:
        task = await held(queue := MemoryQueue())
        queue.fail["renew"] = [LeaseLostError("lost")]
        await task.renew()
        assert not task.is_ours

    run(work())


def test_a_refusal_ends_no_lease_and_no_node() -> None:
    async def work() -> None:
        log: list[str] = []
        task = await held(queue := MemoryQueue(), log=log)
        queue.fail["renew"] = [StorageRefusedError("HTTP 403", status=403, storage_code="")]
        await task.renew()
        assert (task.lease, log) == (Lease.HELD, ["a lease could not be renewed: HTTP 403"])

    run(work())


def test_a_message_whose_queue_is_gone_is_settled() -> None:
    async def work() -> None:
        queue = MemoryQueue()
        first, second = await held(queue), await held(queue)
        queue.is_gone = True
        await first.renew()
        assert await second.acknowledge() is False
        assert (first.lease, second.lease) == (Lease.SETTLED, Lease.SETTLED)

    run(work())


def test_an_acknowledged_message_is_deleted_once() -> None:
    async def work() -> None:
        task = await held(queue := MemoryQueue())
        assert await task.acknowledge() is True
        assert await task.acknowledge() is False
        await task.give_back()
        assert (queue.messages, queue.calls) == ([], ["receive", "delete"])

    run(work())


def test_a_message_that_cannot_be_deleted_is_still_held() -> None:
    async def work() -> None:
        task = await held(queue := MemoryQueue())
        queue.fail["delete"] = [UNAVAILABLE]
        with pytest.raises(type(UNAVAILABLE)):
            await task.acknowledge()
        await task.give_back()
        assert visible(queue)

    run(work())


def test_giving_back_twice_is_harmless_and_its_failure_is_told() -> None:
    async def work() -> None:
        log: list[str] = []
        first, second = await held(queue := MemoryQueue()), await held(queue, log=log)
        await first.give_back()
        await first.give_back()
        assert queue.calls.count("renew") == 1
        queue.fail["renew"] = [UNAVAILABLE]
        await second.give_back()
        assert log == ["task 7 could not be given back, its lease will end: no answer"]

    run(work())


def test_calls_of_a_message_take_turns_as_each_makes_the_receipts_of_others_stale() -> None:
    async def work() -> None:
        task = await held(queue := MemoryQueue())
        answer = asyncio.Event()
        queue.fail["renew"] = [answer]
        renewal = asyncio.ensure_future(task.renew())
        await asyncio.sleep(1)
        deletion = asyncio.ensure_future(task.acknowledge())
        await asyncio.sleep(1)
        assert (task.is_busy, "delete" in queue.calls) == (True, False)
        answer.set()
        await renewal
        assert await deletion is True

    run(work())


def test_the_first_delivery_notes_no_start_and_a_later_one_does_and_takes_the_note_back() -> None:
    async def work() -> None:
        first = await held(queue := MemoryQueue())
        await first.begin()
        assert queue.calls == ["receive"]
        second = await held(again := MemoryQueue(), task_text(starts=1), dequeues=1)
        await second.begin()
        assert TaskMessage.model_validate_json(again.messages[0].text).starts == 2
        await second.give_back()
        assert TaskMessage.model_validate_json(again.messages[0].text).starts == 1
        assert visible(again)

    run(work())


def test_a_task_that_was_enqueued_again_keeps_its_starts_and_notes_the_next() -> None:
    async def work() -> None:
        task = await held(queue := MemoryQueue(), task_text(starts=1))
        await task.begin()
        assert TaskMessage.model_validate_json(queue.messages[0].text).starts == 2

    run(work())


def test_a_task_that_nodes_died_of_is_suspect_and_in_the_end_poisonous() -> None:
    async def work() -> None:
        tasks = [await held(MemoryQueue(), task_text(starts=starts)) for starts in range(5)]
        assert [task.is_suspect for task in tasks] == [False, False, True, True, True]
        assert [task.is_poisonous for task in tasks] == [False, False, False, False, True]

    run(work())


def test_a_later_delivery_has_a_higher_number() -> None:
    async def work() -> None:
        deliveries = [(0, 0), (1, 0), (99_998, 0), (0, 1)]
        tasks = [await held(MemoryQueue(), task_text(generation=g), dequeues=d) for d, g in deliveries]
        assert [task.attempt for task in tasks] == [1, 2, 9_999, 10_001]
        assert list(tasks[0].numbers) == [70, 71, 72]

    run(work())


def test_work_never_goes_back() -> None:
    async def work() -> None:
        task = await held(MemoryQueue())
        task.advance(Work.SCORED)
        with pytest.raises(AssertionError):
            task.advance(Work.FETCHED)

    run(work())


def test_a_renewal_that_hangs_costs_no_other_lease() -> None:
    """The node of before renewed one message after the other."""

    async def work() -> None:
        queue, in_hand = MemoryQueue(), InHand(LEASE)
        tasks = [await held(queue) for _ in range(3)]
        for task in tasks:
            in_hand.add(task)
        queue.fail["renew"] = [asyncio.Event()]
        async with Scope[None]() as scope:
            scope.start(in_hand.keep, scope)
            await asyncio.sleep(10 * LEASE)
            assert [task.is_ours for task in tasks] == [False, True, True]
            assert not any(message.visible_at <= loop().time() for message in queue.messages[1:])

    run(work())


def test_a_lease_is_not_renewed_twice_because_one_renewal_takes_long() -> None:
    async def work() -> None:
        queue, in_hand, answer = MemoryQueue(), InHand(LEASE), asyncio.Event()
        in_hand.add(await held(queue))
        queue.fail["renew"] = [answer]
        async with Scope[None]() as scope:
            scope.start(in_hand.keep, scope)
            await asyncio.sleep(LEASE - 1)
            answer.set()
            await asyncio.sleep(0.5)
            assert queue.calls.count("renew") == 1

    run(work())


def test_who_waits_for_the_last_message_hears_of_its_end() -> None:
    async def work() -> None:
        in_hand = InHand(LEASE)
        in_hand.add(task := await held(MemoryQueue()))
        loop().call_later(1, in_hand.drop, task)
        await in_hand.changes.until(lambda: not len(in_hand))

    run(work())


def test_what_is_dropped_or_lost_is_renewed_no_more() -> None:
    async def work() -> None:
        queue, in_hand = MemoryQueue(), InHand(LEASE)
        dropped, lost = await held(queue), await held(queue)
        in_hand.add(dropped)
        in_hand.add(lost)
        in_hand.drop(dropped)
        in_hand.drop(dropped)
        queue.fail["renew"] = [LeaseLostError("lost")]
        async with Scope[None]() as scope:
            scope.start(in_hand.keep, scope)
            await asyncio.sleep(3 * LEASE)
        assert (list(in_hand), queue.calls.count("renew")) == ([lost], 1)

    run(work())


def test_everything_goes_back_at_once_and_a_call_that_hangs_costs_its_own_message_only() -> None:
    async def work() -> None:
        queue, in_hand = MemoryQueue(), InHand(LEASE)
        for _ in range(5):
            in_hand.add(await held(queue))
        queue.fail["renew"] = [asyncio.Event()]
        began = loop().time()
        await in_hand.hand_back(4)
        assert loop().time() - began == pytest.approx(4)
        assert len(in_hand) == 0
        assert sum(message.visible_at <= loop().time() for message in queue.messages) == 4

    run(work())


def test_a_message_names_itself_when_it_cannot_be_given_back() -> None:
    async def work() -> None:
        log: list[str] = []
        queue = MemoryQueue()
        queue.put("anything")
        (received,) = await queue.receive(1, LEASE)
        queue.fail["renew"] = [UNAVAILABLE]
        await HeldMessage(queue, received, loop().time(), LEASE, log.append).give_back()
        assert log == ["a message of queue job-1 could not be given back, its lease will end: no answer"]

    run(work())
