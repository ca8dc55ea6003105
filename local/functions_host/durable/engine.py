"""The durable engine: runs the app's orchestrators and activities on a task hub that survives the process."""

import asyncio
import json
import logging
import os
from collections import defaultdict
from pathlib import Path

from local.functions_host.app.functions import FunctionRunner, Outcome
from local.functions_host.durable.commit import Consequences, commit_episode, commit_stale
from local.functions_host.durable.episode import Episode, load_episode, run_episode
from local.functions_host.durable.hub.history import Event, task_completed, task_failed, timer_fired
from local.functions_host.durable.hub.registry import DurableFunctions
from local.functions_host.durable.hub.rows import ActivityItem, Instance, Message, TimerItem
from local.functions_host.durable.hub.store import WAIT_FOR_HUB_SECONDS, HubThread, TaskHub
from local.functions_host.durable.operations import InstanceOperations
from local.functions_host.durable.work_queue import TimerQueue, WorkQueue

log = logging.getLogger(__name__)

CONCURRENCY_PER_CORE = 10
"""The default of `maxConcurrentActivityFunctions` and `maxConcurrentOrchestratorFunctions`, for each core."""

DRAIN_SECONDS = 10.0
"""How long a graceful stop waits for running work. Then the work is abandoned, and runs again later."""

_RETRY_SECONDS = 1.0


class DurableEngine(InstanceOperations):
    """Runs the durable functions of one app.

    Args:
        store: the file of the task hub; created when missing, held exclusively from `start` to `stop`.
        runner: runs functions by name.
        functions: the names of the app's orchestrators and activities.
        batch: messages in one episode, not counting the ones that open a new generation: None for all
            that wait, or a number of at least 1.
        max_activities: activities that run at once; None for ten a core.
        max_orchestrators: orchestrators that run at once; None for ten a core.
        wait_for_hub_seconds: how long `start` waits for another host to let go of the hub.
    """

    def __init__(
        self,
        *,
        store: Path,
        runner: FunctionRunner,
        functions: DurableFunctions,
        batch: int | None = None,
        max_activities: int | None = None,
        max_orchestrators: int | None = None,
        wait_for_hub_seconds: float = WAIT_FOR_HUB_SECONDS,
    ) -> None:
        if batch is not None and batch < 1:
            raise ValueError(f"batch is {batch}; give a number of at least 1, or None for all that wait.")
        hub = HubThread(store, wait_for_hub_seconds)
        super().__init__(hub, functions)
        self._runner = runner
        self._batch = batch
        default = CONCURRENCY_PER_CORE * (os.cpu_count() or 1)
        self._episodes: WorkQueue[str] = WorkQueue(self._work_on, limit=max_orchestrators or default)
        self._activities: WorkQueue[ActivityItem] = WorkQueue(self._run_activity, limit=max_activities or default)
        self._timers = TimerQueue(self._fire)
        self._timer_task: asyncio.Task[None] | None = None
        self._watchers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    async def start(self) -> None:
        """Take the hub and continue all the work in it, including the work of a killed process.

        Raises:
            TaskHubBusyError: another host holds the hub.
        """
        await self._hub.open()
        for timer in await self._hub(TaskHub.timers):
            self._timers.add(timer)
        for activity in await self._hub(TaskHub.activities):
            self._activities.put(activity)
        for instance_id in await self._hub(TaskHub.waiting):
            self._episodes.put(instance_id)
        self._episodes.start()
        self._activities.start()
        self._timer_task = asyncio.create_task(self._timers.run())

    async def stop(self, drain_seconds: float = DRAIN_SECONDS) -> None:
        """Begin nothing new, wait for running work, abandon the rest, and free the hub. The rest runs again later."""
        if self._timer_task is not None:
            self._timer_task.cancel()
            await asyncio.gather(self._timer_task, return_exceptions=True)
            self._timer_task = None
        await asyncio.gather(self._activities.stop(drain_seconds), self._episodes.stop(drain_seconds))
        await self._hub.close()

    async def wait_until_finished(self, instance_id: str, timeout_seconds: float) -> Instance:
        """Wait up to `timeout_seconds` for the end of the instance, and return the instance.

        Raises:
            InstanceNotFoundError: there is no such instance.
        """
        finished = asyncio.Event()
        self._watchers[instance_id].add(finished)
        try:
            instance = await self.instance(instance_id)
            if not instance.status.finished:
                await asyncio.wait([asyncio.ensure_future(finished.wait())], timeout=timeout_seconds)
                instance = await self.instance(instance_id)
            return instance
        finally:
            finished.set()
            self._watchers[instance_id].discard(finished)
            if not self._watchers[instance_id]:
                del self._watchers[instance_id]

    def _wake(self, instance_id: str) -> None:
        self._episodes.put(instance_id)

    async def _work_on(self, instance_id: str) -> None:
        """Run an instance's episodes until its inbox is empty or the engine stops.

        A failure of the host itself, not of the app, is tried again.
        """
        try:
            while not self._episodes.stopped and await self._next_episode(instance_id):
                pass
        except Exception:
            log.exception("Episode of instance %s failed in the host; it is run again.", instance_id)
            asyncio.get_running_loop().call_later(_RETRY_SECONDS, self._wake, instance_id)

    async def _next_episode(self, instance_id: str) -> bool:
        """Run one episode. Return False if no message waits for the instance."""
        episode = await self._hub(load_episode, instance_id, self._batch)
        if episode is None:
            return False
        if episode.new:
            await self._run_episode(episode)
        else:
            await self._hub(commit_stale, episode)
        return True

    async def _run_episode(self, episode: Episode) -> None:
        decision, state = await run_episode(episode, self._runner, self._functions)
        consequences = await self._hub(commit_episode, episode, decision, state.custom_status_json)
        self._follow(consequences)

    def _follow(self, consequences: Consequences) -> None:
        for activity in consequences.activities:
            self._activities.put(activity)
        for timer in consequences.timers:
            self._timers.add(timer)
        for instance_id in consequences.woken:
            self._wake(instance_id)
        instance = consequences.instance
        if instance.status.finished:
            _log_end(instance)
            for watcher in self._watchers.get(instance.instance_id, ()):
                watcher.set()

    async def _run_activity(self, item: ActivityItem) -> None:
        try:
            outcome = await self._runner.run(item.name, item.input_json)
            if not outcome.succeeded:
                log.warning("Activity %s of instance %s failed: %s", *_names(item), outcome.error)
            event = task_end(item.name, item.task_id, outcome)
            message = Message(item.instance_id, json.dumps(event), item.execution_id)
            if await self._hub(TaskHub.answer, "activities", item.id, message):
                self._wake(item.instance_id)
        except Exception:
            log.exception("Activity %s of instance %s failed in the host; it is run again.", *_names(item))
            asyncio.get_running_loop().call_later(_RETRY_SECONDS, self._activities.put, item)

    async def _fire(self, timer: TimerItem) -> None:
        event = timer_fired(timer.task_id, timer.fire_at)
        message = Message(timer.instance_id, json.dumps(event), timer.execution_id)
        try:
            if await self._hub(TaskHub.answer, "timers", timer.id, message):
                self._wake(timer.instance_id)
        except Exception:
            log.exception("Timer of instance %s could not be fired; it is tried again.", timer.instance_id)
            asyncio.get_running_loop().call_later(_RETRY_SECONDS, self._timers.add, timer)


def _names(item: ActivityItem) -> tuple[str, str]:
    return item.name, item.instance_id


def _log_end(instance: Instance) -> None:
    words = (instance.name, instance.instance_id, instance.status.value)
    if instance.status.value == "Completed":
        log.info("Orchestration %s (%s): %s.", *words)
    else:
        log.warning("Orchestration %s (%s): %s. %s", *words, instance.output)


_COR_E_EXCEPTION = -2146233088


def task_end(name: str, task_id: int, outcome: Outcome) -> Event:
    """Return `TaskCompleted` with the JSON text of the result, or `TaskFailed`."""
    if outcome.succeeded:
        return task_completed(task_id, _result(outcome.return_value))
    # The extension takes the text after "Exception:", which begins with a blank: hence two blanks.
    message = f" {outcome.error}"
    reason = f"Activity function '{name}' failed: {message}"
    return task_failed(task_id, reason, _details(message, outcome.stack))


def _result(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.decode() if isinstance(value, bytes) else json.dumps(value)


def _details(message: str, stack: str) -> str:
    """Return a .NET exception in JSON, as orchestrators find it after the reason."""
    return json.dumps(
        {
            "$type": "System.Exception, System.Private.CoreLib",
            "ClassName": "System.Exception",
            "Message": message,
            "Data": None,
            "InnerException": None,
            "HelpURL": None,
            "StackTraceString": stack or None,
            "RemoteStackTraceString": None,
            "RemoteStackIndex": 0,
            "ExceptionMethod": None,
            "HResult": _COR_E_EXCEPTION,
            "Source": None,
            "WatsonBuckets": None,
        }
    )
