"""The Functions host in one life: it runs the orchestrations, delivers queue messages, and fires timers."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from shared.compute.scaling import Scaling
from shared.contracts.messages import JOB_NUDGES, JOB_REQUESTS, JobNudge, JobRequest
from shared.contracts.resources import ComputeLimits
from shared.errors import isolated
from shared.jobs.phases.phases import Phases
from shared.jobs.store import JobStore
from shared.jobs.submission.requests import start_orchestration
from shared.jobs.upkeep.reconcile import reconcile
from shared.storage.account import StorageAccount
from shared.storage.queues import queue_client
from shared.triggers.background import activities
from shared.triggers.background.orchestration import NUDGE
from tests.simulation.app.durable import Engine, Hub

RECONCILE_SECONDS = 60.0
SCALE_SECONDS = 10.0
"""Source: the schedules in shared/triggers/background/functions.py."""
LOOK_AGAIN_SECONDS = 30.0
"""How long a listener sleeps that nothing wakes."""
_MOST_DELIVERIES = 5

APP: ContextVar["App"] = ContextVar("app")
"""The app whose activity runs: what `application()` of the triggers returns."""


class App:
    """One life of the app, with the real phases over the simulated account."""

    def __init__(self, account: StorageAccount, scaling: Scaling, limits: ComputeLimits, hub: Hub) -> None:
        self.account, self.jobs = account, JobStore(account.tables)
        self.phases = Phases(account, self.jobs, scaling, lambda _: limits)
        self._scaling, self._limits = scaling, limits
        self._engine, self._hub = Engine(hub, self._activity), hub
        self._woken = {JOB_REQUESTS: asyncio.Event(), JOB_NUDGES: asyncio.Event()}

    def wake(self, queue: str) -> None:
        """Look at a queue now, as a message has come."""
        if queue in self._woken:
            self._woken[queue].set()

    async def run(self) -> None:
        """Run until the process dies."""
        APP.set(self)
        self._engine.take_over()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(JOB_REQUESTS, self._on_request))
            group.create_task(self._listen(JOB_NUDGES, self._on_nudge))
            group.create_task(self._every(SCALE_SECONDS, self._scale))
            group.create_task(self._every(RECONCILE_SECONDS, self._reconcile))

    # The engine, as shared/jobs/submission/requests.py asks for it

    async def is_alive(self, job: str) -> bool:
        return self._hub.is_alive(job)

    async def start(self, job: str, start_input: dict[str, Any]) -> None:
        self._hub.start(job, start_input)

    async def nudge(self, job: str) -> None:
        self._hub.raise_event(job, NUDGE)

    async def forget(self, job: str) -> None:
        self._hub.instances.pop(job, None)

    async def _activity(self, name: str, argument: Any) -> Any:
        """Call a real activity. What goes in and what comes out is JSON."""
        function = getattr(activities, name)._function._func
        request = json.loads(json.dumps(argument))
        return json.loads(json.dumps(await asyncio.to_thread(function, request)))

    # Triggers

    async def _listen(self, queue: str, handle: Callable[[str], Awaitable[None]]) -> None:
        client, woken = queue_client(self.account.queues, queue), self._woken[queue]
        while True:
            woken.clear()
            with isolated(f"queue {queue}"):
                while messages := list(await asyncio.to_thread(client.receive_messages, 16, 30)):
                    for message in messages:
                        await self._deliver(client, message, handle)
            try:
                async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                    await woken.wait()
            except TimeoutError:
                pass

    async def _deliver(self, client: Any, message: Any, handle: Callable[[str], Awaitable[None]]) -> None:
        try:
            await handle(message.content)
        except Exception:
            if message.dequeue_count < _MOST_DELIVERIES:
                return  # it comes again when its lease has ended
        await asyncio.to_thread(client.delete_message, message)

    async def _on_request(self, text: str) -> None:
        await start_orchestration(self.jobs, self, JobRequest.model_validate_json(text).job)

    async def _on_nudge(self, text: str) -> None:
        await self.nudge(JobNudge.model_validate_json(text).job)

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            with isolated("a timer"):
                await work()

    async def _scale(self) -> None:
        await asyncio.to_thread(self._scaling.try_to_scale, self._limits)

    async def _reconcile(self) -> None:
        await reconcile(self.account, self.jobs, self)
