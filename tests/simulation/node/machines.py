"""The machines of a world, which the app scales: each runs one node at a time, with the real code of the node."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scorer_container.node.node import Node
from scorer_container.node.processes.process import Process, ProcessCommand
from scorer_container.node.settings import NodeSettings
from scorer_container.node.storage.account import Account
from shared.compute.scale_sets import Instance, ScaleSetState
from tests.simulation.bounds import LONGEST_START, NOTICE, RESTART
from tests.simulation.chance import Choices
from tests.simulation.loop import ACTOR, Actor, VirtualLoop
from tests.simulation.plan import COMPUTE


@dataclass
class Life:
    """One life of a node: from the start of its program to the end."""

    actor: Actor
    node: Node
    task: "asyncio.Task[Any]"

    @property
    def goes_on(self) -> bool:
        """Whether it is neither dead nor has ended."""
        return not self.actor.is_dead and not self.task.done()


class Machines:
    """Implements ScaleSets of the app. A machine starts another life of its node whenever one ends."""

    def __init__(
        self,
        loop: VirtualLoop,
        choices: Choices,
        folder: Path,
        account: Callable[[], Account],
        start_process: Callable[[Actor, ProcessCommand], Process],
        prepare: Any,
    ) -> None:
        """`account` returns the storage as a node calls it."""
        self._loop, self._choices, self._folder = loop, choices, folder
        self._account, self._start_process, self._prepare = account, start_process, prepare
        self.lives: dict[str, Life] = {}
        """The last life of each machine."""
        self.all_lives: list[Life] = []
        self._wanted: set[str] = set()
        self._numbers = 0
        self._lives: Counter[str] = Counter()
        self.is_closed = False

    # What the app calls

    def state(self, compute: str) -> ScaleSetState:
        return ScaleSetState(len(self._wanted), tuple(Instance(name, "running") for name in sorted(self._wanted)))

    def scale_out(self, compute: str, capacity: int) -> None:
        while len(self._wanted) < capacity and not self.is_closed:
            self.add(
                self._choices.draw("machine starts", 1.0, lambda dice: round(dice.random() ** 2 * LONGEST_START, 2))
            )

    def delete_instance(self, compute: str, instance: str) -> None:
        self._wanted.discard(instance)
        self._later(NOTICE, self._remove, instance)
        if instance in self.lives:
            self.lives[instance].node.leave()

    def delete(self, compute: str) -> None:
        raise AssertionError("no compute is deleted here")

    # What the world does

    def add(self, seconds: float) -> None:
        """Add a machine that is ready after this time."""
        self._numbers += 1
        name = f"node{self._numbers}"
        self._wanted.add(name)
        self._later(seconds, self._start, name)

    @property
    def living(self) -> list[str]:
        """Names of the machines whose node runs, or is frozen."""
        return [name for name, life in self.lives.items() if life.goes_on]

    def die(self, name: str) -> None:
        """End the node as SIGKILL does. Another one starts soon."""
        life = self.lives[name]
        if not life.actor.is_dead:
            self._loop.kill(life.actor)
            self._later(RESTART, self._start, name)

    def evict(self, name: str) -> None:
        """Tell the node to leave, and end it after the time of notice."""
        life = self.lives[name]
        life.actor.last_trouble = self._loop.time()
        self._loop.call_soon(life.node.leave, context=self._context(life.actor))
        self._later(NOTICE, self._end_life, name, life)

    def close(self) -> None:
        """Start nothing more, and let all nodes leave."""
        self.is_closed = True
        for life in self.lives.values():
            self._loop.call_soon(life.node.leave, context=self._context(life.actor))

    def _start(self, name: str) -> None:
        if self.is_closed or name not in self._wanted or (name in self.lives and self.lives[name].goes_on):
            return
        self._lives[name] += 1
        offset = self._choices.draw(
            f"{name} clock", 0.0, lambda dice: dice.choice((0.0, 0.0, round(dice.uniform(-9, 9), 1)))
        )
        actor = Actor(f"{name}/{self._lives[name]}", offset)
        settings = NodeSettings(COMPUTE, name, self._folder / name, self._folder / "cache")

        async def start_process(command: ProcessCommand) -> Process:
            return self._start_process(actor, command)

        def begin() -> Life:
            node = Node(settings, self._account(), start_process=start_process, prepare=self._prepare)
            return Life(actor, node, self._loop.start(actor, node.run()))

        life = self._context(actor).run(begin)
        self.lives[name] = life
        self.all_lives.append(life)
        life.task.add_done_callback(lambda _: self._later(RESTART, self._start, name), context=Context())

    def _end_life(self, name: str, life: Life) -> None:
        if self.lives[name] is life and life.goes_on:
            self.die(name)

    def _remove(self, name: str) -> None:
        if name in self.lives and self.lives[name].goes_on:
            self._loop.kill(self.lives[name].actor)

    def _later(self, seconds: float, function: Callable[..., Any], *args: Any) -> None:
        self._loop.call_later(seconds, function, *args, context=Context())

    @staticmethod
    def _context(actor: Actor) -> Context:
        context = Context()
        context.run(ACTOR.set, actor)
        return context
