import asyncio
from datetime import timedelta

import pytest

from local.functions_host.durable.hub.history import utc_now
from local.functions_host.durable.hub.rows import TimerItem
from local.functions_host.durable.work_queue import TimerQueue

pytestmark = pytest.mark.unit


def timer(number, seconds):
    return TimerItem(number, "i", "e", number, utc_now() + timedelta(seconds=seconds))


async def test_timers_fire_in_order_of_their_time_and_never_early():
    fired = asyncio.Queue()

    async def fire(item):
        await fired.put((item.id, utc_now() >= item.fire_at))

    queue = TimerQueue(fire)
    running = asyncio.create_task(queue.run())
    queue.add(timer(1, 3600))
    await asyncio.sleep(0)
    queue.add(timer(2, 0.06))
    queue.add(timer(3, 0.02))
    queue.add(timer(4, -5))
    async with asyncio.timeout(20):
        assert [await fired.get() for _ in range(3)] == [(4, True), (3, True), (2, True)]
    running.cancel()
    assert await asyncio.gather(running, return_exceptions=True) != [None]


async def test_a_stop_in_the_moment_of_a_new_timer_is_not_lost():
    async def fire(item):
        raise AssertionError(item)

    queue = TimerQueue(fire)
    running = asyncio.create_task(queue.run())
    await asyncio.sleep(0)
    queue.add(timer(1, 3600))
    await asyncio.sleep(0)
    queue.add(timer(2, 3600))
    running.cancel()
    async with asyncio.timeout(20):
        await asyncio.gather(running, return_exceptions=True)
