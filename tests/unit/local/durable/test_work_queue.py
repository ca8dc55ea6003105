import asyncio
from collections import Counter

import pytest

from local.functions_host.durable.work_queue import WorkQueue

pytestmark = pytest.mark.unit


class Gate:
    """Work that waits to be let go, and counts how much of it runs."""

    def __init__(self):
        self.open = asyncio.Event()
        self.running = Counter()
        self.most = 0
        self.done = []

    async def work(self, key):
        self.running[key] += 1
        assert self.running[key] == 1, "one at a time for each key"
        self.most = max(self.most, self.running.total())
        await self.open.wait()
        self.running[key] -= 1
        self.done.append(key)


async def settle():
    for _ in range(20):
        await asyncio.sleep(0)


async def test_no_more_runs_at_once_than_the_limit_and_in_order():
    gate = Gate()
    queue = WorkQueue(gate.work, limit=2)
    queue.start()
    for key in "abcde":
        queue.put(key)
    await settle()
    assert gate.running.total() == 2
    gate.open.set()
    await settle()
    assert (gate.most, gate.done) == (2, list("abcde"))


async def test_a_key_put_while_it_runs_is_worked_on_once_more():
    gate = Gate()
    queue = WorkQueue(gate.work, limit=5)
    queue.start()
    queue.put("a")
    await settle()
    queue.put("a")
    queue.put("a")
    queue.put("b")
    await settle()
    gate.open.set()
    await settle()
    assert Counter(gate.done) == {"a": 2, "b": 1}


async def test_a_stop_begins_nothing_new_and_cancels_what_is_late():
    gate = Gate()
    queue = WorkQueue(gate.work, limit=1)
    queue.start()
    queue.put("a")
    queue.put("b")
    await settle()
    await queue.stop(drain_seconds=0)
    gate.open.set()
    await settle()
    assert (gate.done, gate.running["b"]) == ([], 0)
