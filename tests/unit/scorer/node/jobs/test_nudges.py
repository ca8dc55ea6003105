import asyncio
from typing import Any

import pytest

from scorer_container.node.jobs.nudges import Nudges
from shared.contracts.messages import JOB_NUDGES, JobNudge
from tests.unit.scorer.node.stored import UNAVAILABLE, MemoryAccount
from tests.unit.scorer.node.virtual_time import loop, run

pytestmark = pytest.mark.unit


class Place:
    def __init__(self, flush_seconds: float = 0.1) -> None:
        account: Any = MemoryAccount()
        self.queue, self.log, self.flushed = account.queue(JOB_NUDGES), list[str](), 0

        async def flush() -> None:
            await asyncio.sleep(flush_seconds)
            self.flushed += 1

        self.nudges = Nudges(account, "nightly", flush, self.log.append)


def test_the_app_is_nudged_after_everything_is_written_and_at_most_every_few_seconds() -> None:
    async def work() -> None:
        place = Place()
        for _ in range(20):
            await place.nudges.nudge()
            await asyncio.sleep(0.9)
        assert [JobNudge.model_validate_json(message.text).job for message in place.queue.messages] == ["nightly"] * 4
        assert place.flushed == 4

    run(work())


def test_a_storage_that_hangs_delays_a_nudge_but_does_not_prevent_it() -> None:
    async def work() -> None:
        place = Place(flush_seconds=600)
        began = loop().time()
        await place.nudges.nudge()
        assert (len(place.queue.messages), loop().time() - began) == (1, pytest.approx(10))
        place.queue.fail["send"] = [asyncio.Event(), UNAVAILABLE]
        await place.nudges.send()
        await place.nudges.send()
        assert place.log == [
            "the app could not be nudged: no answer in time",
            "the app could not be nudged: no answer",
        ]

    run(work())


def test_reminders_begin_at_once_and_go_on() -> None:
    async def work() -> None:
        place = Place()
        await place.nudges.nudge()
        reminder = asyncio.ensure_future(place.nudges.remind())
        await asyncio.sleep(1)
        assert len(place.queue.messages) == 2
        await asyncio.sleep(60)
        reminder.cancel()
        assert 10 <= len(place.queue.messages) <= 14

    run(work())
