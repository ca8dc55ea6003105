"""What the life of a job needs of the orchestration engine."""

from typing import Any, Protocol


class Orchestrations(Protocol):
    """The orchestrations of jobs; the instance id is the job's name."""

    async def is_alive(self, job: str) -> bool:
        """Whether an orchestration of the job exists that has not ended."""
        ...

    async def start(self, job: str, start_input: dict[str, Any]) -> None:
        """Start the orchestration of a job; raises when one is alive."""
        ...

    async def nudge(self, job: str) -> None:
        """Make the watch of a job look at once; nothing happens when its orchestration has ended."""
        ...

    async def forget(self, job: str) -> None:
        """Remove the history of the job's orchestration, if there is one that has ended."""
        ...
