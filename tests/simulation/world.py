"""One world of a seed: jobs, machines with the node's real code, the app's real phases, and a storage between them."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextvars import Context
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scorer_container.node.storage.account import Account
from shared.compute.scaling import Scaling
from shared.contracts.job import JobDocument
from shared.contracts.names import job_id, task_queue
from shared.contracts.resources import ComputeLimits
from shared.storage.account import StorageAccount
from shared.storage.blobs import JOBS_CONTAINER
from tests.simulation.app.client import Client
from tests.simulation.app.durable import Hub
from tests.simulation.app.host import RECONCILE_SECONDS, App
from tests.simulation.bounds import CALM_AT, LONGEST_FREEZE, RESTART, bound
from tests.simulation.chance import Choices
from tests.simulation.clock import virtual_now
from tests.simulation.disturbances import Disturbances
from tests.simulation.invariants import STANDING_QUEUES, Invariants
from tests.simulation.loop import ACTOR, Actor, VirtualLoop
from tests.simulation.node.machines import Machines
from tests.simulation.node.process import ScriptedProcess
from tests.simulation.node.script import WorldScript
from tests.simulation.plan import COMPUTE, CONTAINER, Kind, Plan, Shape
from tests.simulation.storage.network import LATEST, Network, Weather
from tests.simulation.storage.rest import CONNECTION_STRING, connector
from tests.simulation.storage.sdk import SimulatedAccount
from tests.simulation.storage.server import Server

EXIT_SECONDS = 60.0
"""A node that is told to leave has ended after this."""
_IDLE_SECONDS = 45.0
_DRAINED_AFTER = 15.0
"""A frozen app that comes back, and finds that another one has taken over, ends after this."""
_NODE_ACCOUNT = StorageAccount(connection_string=CONNECTION_STRING)
_WEATHERS = {
    "jitter": 0.4,
    "slow": 0.04,
    "refused": 0.02,
    "busy": 0.02,
    "fails_after": 0.02,
    "answer_lost": 0.01,
    "lost": 0.005,
    "late": 0.01,
}
_SLUGGISH = (
    *("", "", "insert", "insert", "replace", "replace", "replace", "stage", "delete"),
    *("renew", "receive", "read", "commit", "blocks", "query"),
)
"""Kinds of calls that are slow in a whole world. Rows are slow most often: much waits for them."""


class World:
    """Runs one world and tells what was wrong with it."""

    def __init__(self, choices: Choices, folder: Path) -> None:
        """Take all decisions from `choices`; nodes keep their files in `folder`."""
        self.choices = choices
        self.loop = VirtualLoop(choices)
        self.server = Server(self.loop, choices)
        self.network = Network(self.loop, choices)
        self.hub = Hub()
        self.happened: Counter[str] = Counter()
        self.plans: dict[str, Plan] = {}
        self.processes: dict[ScriptedProcess, Actor] = {}
        self.losses: Counter[str] = Counter()
        """How often each service of storage lost something."""
        self.ended_at = 0.0
        self.script = WorldScript(self)
        self.invariants = Invariants(self)
        self.account = SimulatedAccount(self.server, self.network)
        connect = connector(self.server, self.network)
        self.machines = Machines(
            self.loop,
            choices,
            folder,
            lambda: Account(_NODE_ACCOUNT, connect),
            self.script.start_process,
            self.script.prepare,
        )
        self._limits = ComputeLimits(compute=COMPUTE, min_instances=0, max_instances=1, idle_seconds=_IDLE_SECONDS)
        self.tasks_per_process = choices.draw("tasks per process", 64, lambda dice: dice.choice((1, 1, 2, 64)))
        """The fewer, the more mini-batches a task has (shared/jobs/phases/plan.py)."""
        self._client = Actor("client")
        self._client.is_spared = True
        self._app = Actor("app/0")
        self._lives = 0
        self._known: dict[str, tuple[str, JobDocument]] = {}

    @property
    def bound(self) -> dict[str, float]:
        """The parts of the time that it may take."""
        return bound(self.plans.values())

    @property
    def is_crowded(self) -> bool:
        """Whether it has two or more nodes and jobs."""
        return len(self.machines.lives) > 1 and len(self.plans) > 1

    def run(self) -> None:
        """Run the world. Afterwards `invariants.wrong` tells what was wrong."""
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self._course())
            self.invariants.check_end()
        except Exception as error:
            self.invariants.note("defect", f"{type(error).__name__}: {error}")
        for problem in self.loop.problems:
            self.invariants.note("defect", problem)
        for life in self.machines.all_lives:
            if life.task.done() and not life.task.cancelled() and (error := life.task.exception()):
                self.invariants.note("defect", f"{life.actor} failed: {error!r}")
        self.loop.bury()
        asyncio.set_event_loop(None)

    # What others ask

    def later(self, seconds: float, function: Callable[..., Any], *args: Any) -> None:
        """Call a function of the world after this time, whatever becomes of the actors."""
        self.loop.call_later(seconds, function, *args, context=Context())

    def find_job(self, name: str) -> JobDocument | None:
        """Return the job as it is stored; None before it is invoked."""
        entity = self.server.tables.content.get("jobs", {}).get((name, "job"))
        if entity is None:
            return None
        if name not in self._known or self._known[name][0] != entity.etag:
            text = "".join(entity.properties[f"document{part}"] for part in range(entity.properties["chunks"]))
            self._known[name] = entity.etag, JobDocument.model_validate_json(text)
        return self._known[name][1]

    def job(self, name: str) -> JobDocument:
        """Return the job as it is stored."""
        job = self.find_job(name)
        assert job is not None, f"{name} was not invoked"
        return job

    def plan_of_queue(self, queue: str) -> Plan | None:
        """Return the plan of the job whose task queue this is."""
        return next((plan for name, plan in self.plans.items() if task_queue(job_id(name)) == queue), None)

    def restart_app(self, frozen_seconds: float | None) -> None:
        """Another life of the app takes over. The old one has died; or it is frozen, and comes back."""
        if frozen_seconds is None:
            self.loop.kill(self._app)
        else:
            self.loop.freeze(self._app, frozen_seconds)
            self.later(frozen_seconds + _DRAINED_AFTER, self.loop.kill, self._app)
        self.later(RESTART, self._start_app)

    # The course of a world

    async def _course(self) -> None:
        self._set_up()
        self._start_app()
        invoked = [
            self._invoke(number)
            for number in range(self.choices.draw("jobs", 1, lambda dice: dice.choice((1, 2, 2, 3))))
        ]
        self.network.weather = Weather(**self.choices.draw("weather", {}, _weather))
        self.server.queues.twice = self.choices.draw("twice", 0.0, lambda dice: dice.choice((0.0, 0.15, 0.3)))
        Disturbances(self).schedule()
        self.later(CALM_AT, self._calm)
        for task in invoked:
            await task
        await self._until_ended()
        rest = LONGEST_FREEZE + LATEST + RECONCILE_SECONDS + 30
        await asyncio.sleep(max(0.0, CALM_AT - self.loop.time()) + rest)
        self.machines.close()
        await asyncio.sleep(EXIT_SECONDS)

    def _set_up(self) -> None:
        self.server.blobs.containers |= {JOBS_CONTAINER, CONTAINER}
        for queue in STANDING_QUEUES:
            self.server.queues.create(queue)
        least = self.choices.draw("min nodes", 0, lambda dice: dice.choice((0, 0, 1, 2)))
        most = self.choices.draw("max nodes", 2, lambda dice: dice.choice((1, 2, 3, 3)))
        limits = {"min_instances": min(least, most), "max_instances": most}
        self._limits = self._limits.model_copy(update=limits)
        for _ in range(min(least, most)):
            self.machines.add(0.0)

    def _start_app(self) -> None:
        self._lives += 1
        self._app = Actor(f"app/{self._lives}")
        scaling = Scaling(self.account, self.machines, virtual_now)
        context = Context()
        context.run(ACTOR.set, self._app)
        app = context.run(App, self.account, scaling, self._limits, self.hub)
        self.server.queues.on_send = lambda queue: self.later(0.0, app.wake, queue)
        self.loop.start(self._app, app.run())

    def _invoke(self, number: int) -> "asyncio.Task[None]":
        name = f"job{number}"
        shape = Shape(**self.choices.draw(f"{name} shape", asdict(Shape()), lambda dice: asdict(Shape.drawn(dice))))
        plan = self.plans[name] = Plan(name, shape)
        self.happened[f"job: {plan.kind}"] += 1
        if plan.kind is not Kind.EMPTY:
            for file, content in plan.content.items():
                self.server.blobs.put((CONTAINER, f"in/{name}/{file}"), content, {})
        wait = self.choices.draw(
            f"{name} invoked", 0.0, lambda dice: round(dice.random() ** 3 * 30, 2) if number else 0.0
        )
        canceled = self.choices.draw(f"{name} canceled", 9.0, lambda dice: round(dice.uniform(0, 60), 2))
        return self.loop.start(self._client, self._use(plan, wait, canceled))

    async def _use(self, plan: Plan, wait: float, canceled: float) -> None:
        await asyncio.sleep(wait)
        client = Client(self.account)
        await client.invoke(plan)
        if plan.kind is Kind.CANCEL:
            await asyncio.sleep(canceled)
            await client.cancel(plan.name)

    async def _until_ended(self) -> None:
        limit = sum(self.bound.values())
        while not all(self.job(name).status.is_terminal for name in self.plans):
            await asyncio.sleep(1.0)
            if self.loop.time() > limit:
                states = {name: str(self.job(name).status) for name in self.plans}
                self.invariants.note("no end", f"not terminal within {limit:.0f} s: {states}")
                break
        self.ended_at = self.loop.time()

    def _calm(self) -> None:
        self.network.weather, self.server.queues.twice = Weather(), 0.0


def _weather(dice: random.Random) -> dict[str, Any]:
    """Draw some kinds only, each with a strength of its own: where everything happens, nothing shows what it does."""
    found = {name: round(dice.random() * most, 4) for name, most in _WEATHERS.items() if dice.random() < 0.4}
    return {**found, "sluggish": dice.choice(_SLUGGISH)}
