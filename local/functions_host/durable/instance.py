"""An orchestration instance as the task hub keeps it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RuntimeStatus(StrEnum):
    """The states of an instance, spelled as clients see them."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUSPENDED = "Suspended"
    COMPLETED = "Completed"
    FAILED = "Failed"
    TERMINATED = "Terminated"

    @property
    def finished(self) -> bool:
        """Whether the instance has ended for good."""
        return self in FINISHED


FINISHED = frozenset({RuntimeStatus.COMPLETED, RuntimeStatus.FAILED, RuntimeStatus.TERMINATED})


@dataclass(frozen=True)
class Instance:
    """One orchestration instance.

    Attributes:
        execution_id: names the current generation; changes with `continue_as_new`.
        input_json: JSON text of the `Input` field.
        output: JSON text of the result, or the plain reason of a failed or terminated instance.
        parent_json: JSON text of `ParentInstance` for a sub-orchestration.
        generation: how often the instance continued as new.
    """

    instance_id: str
    execution_id: str
    name: str
    version: str
    status: RuntimeStatus
    input_json: str | None
    output: str | None
    custom_status_json: str | None
    created: datetime
    updated: datetime
    parent_json: str | None = None
    generation: int = 0


@dataclass(frozen=True)
class InstanceFilter:
    """Which instances a list or a purge is about; what is not given does not restrict."""

    created_from: datetime | None = None
    created_to: datetime | None = None
    statuses: Collection[str] | None = None
    prefix: str = ""
    top: int | None = None
