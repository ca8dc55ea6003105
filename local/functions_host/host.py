"""The host: connects worker, listeners and durable engine, and ends them in order."""

import asyncio
import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from local.functions_host.app.app import App, load
from local.functions_host.app.functions import (
    ACTIVITY_TRIGGER,
    ORCHESTRATION_TRIGGER,
    QUEUE_TRIGGER,
    TIMER_TRIGGER,
    FunctionRecord,
    Worker,
)
from local.functions_host.app.settings import AppSettings
from local.functions_host.app.triggers import queue_of, timer_schedule
from local.functions_host.durable.engine import DurableEngine
from local.functions_host.durable.hub.registry import DurableFunctions
from local.functions_host.durable.rpc import DurableLinks, client_binding, rpc_routes
from local.functions_host.listeners.http_server import FunctionsHandler, HttpListener
from local.functions_host.listeners.queue_listener import LEASE, QueueClients, QueueListener
from local.functions_host.listeners.timer_listener import TimerListener
from local.functions_host.worker.invoker import Invoker
from local.loopback.certificates import Certificate

RPC_PORT = 17071
"""First choice for the durable RPC listener, as in Azure; else one from 30000 to 31000."""

DRAIN_SECONDS = 10.0
_COMPLETION_SECONDS = 3.0  # time to delete or release the queue messages of the last functions


@dataclass(frozen=True)
class HostOptions:
    """The options of one host.

    Attributes:
        app_root: folder of function_app.py and host.json.
        data_dir: where the host keeps the task hub.
        port: of the HTTP listener; 0 takes a free one.
        rpc_port: of the durable RPC listener; 0 takes a free one, None begins with 17071.
        batch: messages that an orchestrator is given at once; None for all that wait.
        queue_lease: how long a queue message is hidden between renewals.
        drain_seconds: how long a graceful stop waits for running functions.
        certificate: makes the HTTP listener speak TLS; durable RPC, for the worker only, never does.
    """

    app_root: Path
    data_dir: Path
    port: int = 0
    rpc_port: int | None = None
    batch: int | None = None
    queue_lease: timedelta = LEASE
    drain_seconds: float = DRAIN_SECONDS
    certificate: Certificate | None = None


class Host:
    """One running function app.

    Raises:
        OSError: a port is in use.
        FunctionsHostError: the app is refused.
    """

    def __init__(self, options: HostOptions, settings: AppSettings, worker: Worker) -> None:
        self._options = options
        self._worker = worker
        self._http = HttpListener([options.port], options.certificate)
        self._rpc = HttpListener(_rpc_ports(options.rpc_port))
        self.app: App = load(options.app_root, settings, worker)
        options.data_dir.mkdir(parents=True, exist_ok=True)
        self._links = DurableLinks(self._rpc.url, secrets.token_urlsafe(40), self.app.config.durable.hub_name)
        self._queue_clients = QueueClients()
        self._invoker = Invoker(
            worker,
            self.app.functions,
            self.app.config.function_timeout,
            client_value=lambda: client_binding(self._links),
        )
        self._engine = self._durable_engine()
        self._queues = [self._queue_listener(function) for function in self.app.triggered_by(QUEUE_TRIGGER)]
        self._timers = [
            TimerListener(function, timer_schedule(function.trigger, settings), self._invoker)
            for function in self.app.triggered_by(TIMER_TRIGGER)
        ]

    @property
    def url(self) -> str:
        """Origin of the HTTP listener."""
        return self._http.url

    async def start(self) -> None:
        """Begin to serve. The HTTP listener starts last: if it answers, everything runs.

        Raises:
            DurableError: another host holds the task hub.
        """
        await self._engine.start()
        await self._rpc.start(rpc_routes(self._engine, self._links))
        for queue in self._queues:
            queue.start()
        for timer in self._timers:
            timer.start()
        await self._http.start([web.get("/admin/host/ping", _pong)], FunctionsHandler(self.app.routes, self._invoker))

    async def stop(self) -> None:
        """Accept no new work, let running functions end, complete their messages, close."""
        seconds = self._options.drain_seconds
        await self._http.stop_accepting()
        await asyncio.gather(*(queue.stop() for queue in self._queues), *(timer.stop() for timer in self._timers))
        await asyncio.gather(self._engine.stop(seconds), self._invoker.drain(seconds))
        await asyncio.gather(*(queue.drain(_COMPLETION_SECONDS) for queue in self._queues))
        await self._http.stop()
        await self._rpc.stop()
        await self._queue_clients.close()
        self._worker.stop()

    def _durable_engine(self) -> DurableEngine:
        durable = self.app.config.durable
        names = DurableFunctions(
            orchestrators=[function.name for function in self.app.triggered_by(ORCHESTRATION_TRIGGER)],
            activities=[function.name for function in self.app.triggered_by(ACTIVITY_TRIGGER)],
        )
        return DurableEngine(
            store=self._options.data_dir / "taskhub.db",
            runner=self._invoker,
            functions=names,
            batch=self._options.batch,
            max_activities=durable.max_concurrent_activities,
            max_orchestrators=durable.max_concurrent_orchestrators,
        )

    def _queue_listener(self, function: FunctionRecord) -> QueueListener:
        return QueueListener(
            function,
            queue_of(function.trigger, self.app.settings),
            options=self.app.config.queues,
            invoker=self._invoker,
            clients=self._queue_clients,
            lease=self._options.queue_lease,
        )


async def _pong(_request: web.Request) -> web.Response:
    return web.Response(status=200)


def _rpc_ports(asked: int | None) -> Sequence[int]:
    if asked is not None:
        return [asked]
    return [RPC_PORT, *random.sample(range(30_000, 31_001), 20)]
