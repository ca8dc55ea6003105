"""Orchestrations as the domain sees them, over the durable client that the host hands to a function."""

from typing import Any

import azure.durable_functions as df

from shared.triggers.orchestration import NUDGE, ORCHESTRATOR

_ALIVE = {
    df.OrchestrationRuntimeStatus.Pending,
    df.OrchestrationRuntimeStatus.Running,
    df.OrchestrationRuntimeStatus.Suspended,
    df.OrchestrationRuntimeStatus.ContinuedAsNew,
}


class DurableOrchestrations:
    """Implements `shared.jobs.orchestrations.Orchestrations`."""

    def __init__(self, client: df.DurableOrchestrationClient) -> None:
        """`client` is that of the current invocation."""
        self._client = client

    async def is_alive(self, job: str) -> bool:
        """Whether an orchestration of the job exists that has not ended."""
        status = await self._client.get_status(job)
        return bool(status) and status.runtime_status in _ALIVE

    async def start(self, job: str, start_input: dict[str, Any]) -> None:
        """Start the orchestration of a job; raises when one is alive."""
        await self._client.start_new(ORCHESTRATOR, instance_id=job, client_input=start_input)

    async def nudge(self, job: str) -> None:
        """Make the watch of a job look at once; nothing happens when its orchestration has ended."""
        if await self.is_alive(job):
            await self._client.raise_event(job, NUDGE, True)

    async def forget(self, job: str) -> None:
        """Remove the history of the job's orchestration, if there is one that has ended."""
        await self._client.purge_instance_history(job)
