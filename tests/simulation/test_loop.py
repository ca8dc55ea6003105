"""The virtual loop: its clock, its actors, and blocking code on it."""

import asyncio

import pytest

from tests.simulation.chance import Choices
from tests.simulation.clock import sleep_in_fiber, virtual_clocks
from tests.simulation.loop import Actor, VirtualLoop

pytestmark = pytest.mark.simulation


@pytest.fixture
def loop():
    loop = VirtualLoop(Choices(script={}))
    with virtual_clocks(loop):
        yield loop
        loop.bury()


async def note_every_second(notes, loop):
    try:
        while True:
            await asyncio.sleep(1)
            notes.append(loop.time())
    finally:
        notes.append("cleaned up")


def test_waiting_takes_no_time(loop):
    loop.run_until_complete(asyncio.sleep(1e6))
    assert loop.time() == 1e6


def test_a_frozen_actor_meets_everything_at_once(loop):
    notes, actor = [], Actor("a")
    loop.start(actor, note_every_second(notes, loop))
    loop.call_later(1.5, loop.freeze, actor, 2)
    loop.run_until_complete(asyncio.sleep(4.75))
    assert notes == [1, 3.5, 4.5]


def test_a_killed_actor_does_not_clean_up(loop):
    notes, actor = [], Actor("a")
    loop.start(actor, note_every_second(notes, loop))
    loop.call_later(1.5, loop.kill, actor)
    loop.run_until_complete(asyncio.sleep(5))
    assert notes == [1]


def test_blocking_code_waits_on_the_virtual_clock_while_others_go_on(loop):
    notes = []

    def block():
        sleep_in_fiber(2.5)
        return loop.time()

    async def both():
        task = asyncio.ensure_future(note_every_second(notes, loop))
        ended = await asyncio.to_thread(block)
        task.cancel()
        return ended

    ended = loop.run_until_complete(both())
    assert ended == pytest.approx(2.51)
    assert notes[:2] == [1, 2]


def test_an_error_in_blocking_code_reaches_who_waits_for_it(loop):
    def fail():
        sleep_in_fiber(1)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        loop.run_until_complete(asyncio.to_thread(fail))
