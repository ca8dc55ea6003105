"""Runs the blocking calls on the task hub on one thread of its own, in the order they are made."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from local.functions_host.durable.hub.errors import TaskHubBusyError
from local.functions_host.durable.hub.store import TaskHub

WAIT_FOR_HUB_SECONDS = 10.0
"""A host that replaces another waits this long for the other to stop."""

P = ParamSpec("P")
T = TypeVar("T")


class HubThread:
    """The event loop's way to the task hub."""

    def __init__(self, path: Path, wait_seconds: float = WAIT_FOR_HUB_SECONDS) -> None:
        self._hub = TaskHub(path)
        self._wait_seconds = wait_seconds
        self._thread: ThreadPoolExecutor | None = None

    async def open(self) -> None:
        """Start the thread and take the hub.

        Raises:
            TaskHubBusyError: another host holds it.
        """
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="task-hub")
        try:
            await self(TaskHub.open, self._wait_seconds)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Give up the hub after the calls already made."""
        if self._thread is not None:
            await self(TaskHub.close)
            self._thread.shutdown()
            self._thread = None

    async def __call__(self, call: Callable[Concatenate[TaskHub, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `call(hub, ...)`, made on the hub's thread.

        A call that was begun is finished even when the caller is cancelled.

        Raises:
            TaskHubBusyError: the hub is not open.
        """
        if self._thread is None:
            raise TaskHubBusyError("The durable engine is not running.")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: call(self._hub, *args, **kwargs))
