"""Runs worlds: of seeds, of recordings, in many processes; and makes the recording of a failure small."""

import gc
import logging
import multiprocessing
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from scorer_container.node import node
from shared.jobs import store as job_store
from shared.jobs.phases import phases, plan
from shared.jobs.phases.watch import Action
from shared.triggers.background import activities
from tests.simulation.app.host import APP
from tests.simulation.chance import Choices, Events
from tests.simulation.clock import virtual_clocks
from tests.simulation.world import World

CROWDED = "worlds with two or more nodes and jobs"
Fault = Callable[[], AbstractContextManager[Any]]
"""A fault that is planted on purpose: a patch."""


@dataclass
class Outcome:
    """How a world went."""

    seed: int
    wrong: list[str]
    happened: Counter[str]
    events: Events
    ended_at: float
    bound: dict[str, float]

    @property
    def kind(self) -> str:
        """The rule that was broken first. Empty for a good world."""
        return self.wrong[0].partition(":")[0] if self.wrong else ""

    @property
    def share_of_bound(self) -> float:
        """How much of its time the world took."""
        return self.ended_at / sum(self.bound.values())


class _OneAfterTheOther(ThreadPoolExecutor):
    """Stands for the thread pool of the job store: a simulated thread starts no threads of its own."""

    def map(self, function: Callable[..., Any], *values: Iterable[Any], **_: Any) -> Iterator[Any]:  # type: ignore[override]
        return map(function, *values)


def run(
    choices: Choices,
    seed: int = -1,
    fault: Fault = nullcontext,
    trace: Callable[[str], None] | None = None,
) -> Outcome:
    """Run a world. `trace` hears of each call of storage."""
    random.seed(0)  # the pauses between tries; everything else is drawn from `choices`
    folder = Path(tempfile.mkdtemp(prefix="world-", dir=_memory()))
    world = World(choices, folder)
    world.network.trace = trace
    with ExitStack() as stack:
        stack.enter_context(virtual_clocks(world.loop))
        stack.enter_context(mock.patch.object(job_store, "ThreadPoolExecutor", _OneAfterTheOther))
        stack.enter_context(mock.patch.object(activities, "application", APP.get))
        stack.enter_context(mock.patch.object(plan, "TASKS_PER_PROCESS", world.tasks_per_process))
        stack.enter_context(mock.patch.object(phases, "decide", _watched(world)))
        stack.enter_context(mock.patch.multiple(node, _SHORTEST_POLL=0.5, _LONGEST_POLL=2.0))  # most calls of a world
        stack.enter_context(_silent())
        stack.enter_context(fault())
        stack.enter_context(_no_collection())
        world.run()
    shutil.rmtree(folder, ignore_errors=True)
    happened = world.happened + Counter({f"call: {fate}": count for fate, count in world.network.fates.items()})
    happened["worlds"] = 1
    happened[CROWDED] = int(world.is_crowded)
    happened["nodes whose clock differs by a second or more"] = sum(
        abs(life.actor.clock_offset) >= 1 for life in world.machines.all_lives
    )
    return Outcome(seed, world.invariants.wrong, happened, choices.events, world.ended_at, world.bound)


def run_seed(seed: int, fault: Fault = nullcontext) -> Outcome:
    """Run the world of a seed."""
    return run(Choices(seed), seed, fault)


def replay(events: Events, fault: Fault = nullcontext, trace: Callable[[str], None] | None = None) -> Outcome:
    """Run the world of a recording."""
    return run(Choices.recorded(events), -1, fault, trace)


def run_all(seeds: Iterable[int], fault: Fault = nullcontext, processes: int | None = None) -> Iterator[Outcome]:
    """Run the worlds of many seeds in several processes; yield their outcomes in the order of the seeds."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, initializer=gc.freeze, maxtasksperchild=256) as pool:
        yield from pool.imap(partial(run_seed, fault=fault), seeds, chunksize=4)


def shrunk(events: Events, fault: Fault = nullcontext) -> Events:
    """Return as few of the events as still break the same rule. Parts are left out, halves first."""
    kind, size = replay(events, fault).kind, len(events)
    while size >= 1:
        start = 0
        while start < len(events):
            fewer = events[:start] + events[start + size :]
            if replay(fewer, fault).kind == kind:
                events = fewer
            else:
                start += size
        size //= 2
    return events


def _watched(world: World) -> Callable[..., Any]:
    real = phases.decide

    def decide(job: Any, *args: Any) -> Any:
        decision = real(job, *args)
        world.happened[f"watch: {decision.action}"] += 1
        if decision.action is Action.HEAL_TASKS:
            world.invariants.on_heal(job)
        return decision

    return decide


@contextmanager
def _silent() -> Iterator[None]:
    """Let the code under test log nothing: there would be much, and nobody reads it."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Collect garbage after the world only: a dead actor's `finally` must not run in its middle."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
