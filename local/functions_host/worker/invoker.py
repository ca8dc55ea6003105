"""Runs functions of the app for every listener: inputs, worker, outputs, time limit, log."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from local.functions_host.app.functions import ACTIVITY_TRIGGER, ORCHESTRATION_TRIGGER, FunctionRecord
from local.functions_host.app.invocation import Invocation, Outcome, Worker
from local.functions_host.worker.converters import Datum

logger = logging.getLogger(__name__)

_REPLAY_STATE = "\n\n$OutOfProcData$:"  # an orchestrator's error carries its whole state behind this label


@dataclass(frozen=True)
class Trigger:
    """What started an invocation.

    Attributes:
        value: data of the trigger binding.
        metadata: data that the trigger adds.
        retry_count: earlier tries under the function's retry policy.
        max_retry_count: the tries that the policy allows.
    """

    value: Datum
    metadata: Mapping[str, Datum]
    retry_count: int = 0
    max_retry_count: int = 0

    @classmethod
    def of(cls, value: Datum) -> "Trigger":
        """A trigger without metadata."""
        return cls(value, {})


class OutputWriter(Protocol):
    """Writes what a function gave to its output bindings."""

    async def write(self, function: FunctionRecord, outcome: Outcome) -> Outcome:
        """`outcome` itself after all outputs were written, or a failed one."""
        ...


class Invoker:
    """Runs functions and knows which of them are running."""

    def __init__(
        self,
        worker: Worker,
        functions: Sequence[FunctionRecord],
        outputs: OutputWriter,
        time_limit: timedelta | None,
        client_value: Callable[[], str],
    ) -> None:
        self._worker = worker
        self._durable_functions = {durable_name(function): function for function in functions if _is_durable(function)}
        self._outputs = outputs
        self._time_limit = time_limit.total_seconds() if time_limit else None
        self._client_value = client_value
        self._running: set[asyncio.Task[Outcome]] = set()

    async def invoke(self, function: FunctionRecord, trigger: Trigger) -> Outcome:
        """Run `function` to its end, its outputs written; it never raises what the function raised."""
        task = asyncio.create_task(self._invoke(function, trigger))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await task

    async def run(self, function_name: str, trigger_value: object) -> Outcome:
        """Run an orchestrator or activity; see `FunctionRunner.run`."""
        function = self._durable_functions[function_name]
        outcome = await self.invoke(function, Trigger.of(Datum(type="string", value=trigger_value)))
        if not outcome.succeeded:
            return outcome
        returned = outcome.return_value
        return Outcome(succeeded=True, return_value=returned.value if isinstance(returned, Datum) else None)

    async def drain(self, seconds: float) -> None:
        """Wait until nothing runs, at most `seconds`; then cancel what still does."""
        if self._running:
            logger.info("Waiting for %d running functions", len(self._running))
            _, late = await asyncio.wait(self._running, timeout=seconds)
            for task in late:
                task.cancel()

    async def _invoke(self, function: FunctionRecord, trigger: Trigger) -> Outcome:
        client = Datum(type="string", value=self._client_value()) if function.durable_clients else None
        inputs: dict[str, Any] = {binding.name: client for binding in function.durable_clients}
        inputs[function.trigger.name] = trigger.value
        invocation = Invocation(function.name, inputs, trigger.metadata, trigger.retry_count, trigger.max_retry_count)
        logger.debug("Executing %s (id %s)", function.name, invocation.id)
        outcome = await self._within_limit(function, invocation)
        if outcome.succeeded:
            outcome = await self._outputs.write(function, outcome)
        if not outcome.succeeded:
            error = outcome.error.partition(_REPLAY_STATE)[0]
            logger.error("%s failed (id %s): %s\n%s", function.name, invocation.id, error, outcome.stack)
        return outcome

    async def _within_limit(self, function: FunctionRecord, invocation: Invocation) -> Outcome:
        try:
            async with asyncio.timeout(self._time_limit):
                return await self._worker.invoke(invocation)
        except TimeoutError:
            # Azure restarts the worker process here; a thread of this one cannot be ended.
            return Outcome(
                succeeded=False,
                error=f"FunctionTimeoutException: {function.name} ran longer than functionTimeout "
                f"({self._time_limit:g} s) and was given up",
            )


def durable_name(function: FunctionRecord) -> str:
    """The name under which orchestrations know an orchestrator or activity."""
    return function.trigger.text("orchestration") or function.trigger.text("activity") or function.name


def _is_durable(function: FunctionRecord) -> bool:
    return function.trigger.type in (ORCHESTRATION_TRIGGER, ACTIVITY_TRIGGER)
