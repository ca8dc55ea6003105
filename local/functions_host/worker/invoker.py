"""Runs functions of the app for every listener: prepares inputs, calls the worker, keeps the time limit, logs."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from local.functions_host.app.functions import (
    ACTIVITY_TRIGGER,
    ORCHESTRATION_TRIGGER,
    FunctionRecord,
    Invocation,
    Outcome,
    Worker,
)
from local.functions_host.worker.converters import Datum

log = logging.getLogger(__name__)

_REPLAY_STATE = "\n\n$OutOfProcData$:"  # an orchestrator's error carries its whole state behind this label


@dataclass(frozen=True)
class Trigger:
    """The cause of an invocation.

    Attributes:
        value: data of the trigger binding.
        metadata: data that the trigger adds.
    """

    value: Datum
    metadata: Mapping[str, Datum] = field(default_factory=dict)


class Invoker:
    """Runs functions, and knows which of them are running."""

    def __init__(
        self,
        worker: Worker,
        functions: Sequence[FunctionRecord],
        time_limit: timedelta | None,
        client_value: Callable[[], str],
    ) -> None:
        self._worker = worker
        self._durable_functions = {function.name: function for function in functions if _is_durable(function)}
        self._time_limit = time_limit.total_seconds() if time_limit else None
        self._client_value = client_value
        self._running: set[asyncio.Task[Outcome]] = set()

    async def invoke(self, function: FunctionRecord, trigger: Trigger) -> Outcome:
        """Run `function` to its end. An exception of the function becomes a failed outcome."""
        task = asyncio.create_task(self._invoke(function, trigger))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await task

    async def run(self, function_name: str, trigger_value: object) -> Outcome:
        """Run an orchestrator or activity, as `FunctionRunner.run` says."""
        function = self._durable_functions[function_name]
        outcome = await self.invoke(function, Trigger(Datum(type="string", value=trigger_value)))
        if not outcome.succeeded:
            return outcome
        returned = outcome.return_value
        return Outcome(succeeded=True, return_value=returned.value if isinstance(returned, Datum) else None)

    async def drain(self, seconds: float) -> None:
        """Wait up to `seconds` until nothing runs. Then cancel the functions that still run."""
        if self._running:
            log.info("Waiting for %d running functions", len(self._running))
            _, late = await asyncio.wait(self._running, timeout=seconds)
            for task in late:
                task.cancel()

    async def _invoke(self, function: FunctionRecord, trigger: Trigger) -> Outcome:
        client = Datum(type="string", value=self._client_value()) if function.durable_clients else None
        inputs: dict[str, Any] = {binding.name: client for binding in function.durable_clients}
        inputs[function.trigger.name] = trigger.value
        invocation = Invocation(function.name, inputs, trigger.metadata)
        log.debug("Executing %s (id %s)", function.name, invocation.id)
        outcome = await self._within_limit(function, invocation)
        if not outcome.succeeded:
            error = outcome.error.partition(_REPLAY_STATE)[0]
            log.error("%s failed (id %s): %s\n%s", function.name, invocation.id, error, outcome.stack)
        return outcome

    async def _within_limit(self, function: FunctionRecord, invocation: Invocation) -> Outcome:
        try:
            async with asyncio.timeout(self._time_limit):
                return await self._worker.invoke(invocation)
        except TimeoutError:
            # Azure restarts the worker process here. This process cannot end one of its threads.
            return Outcome(
                succeeded=False,
                error=f"FunctionTimeoutException: {function.name} ran longer than functionTimeout "
                f"({self._time_limit:g} s) and was abandoned",
            )


def _is_durable(function: FunctionRecord) -> bool:
    return function.trigger.type in (ORCHESTRATION_TRIGGER, ACTIVITY_TRIGGER)
