"""What the rows of the task hub mean."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local.functions_host.durable.instance import Instance, RuntimeStatus

COLUMNS = (
    "instance_id, execution_id, name, version, status, input, output, custom_status, created, updated, "
    "parent, generation"
)
"""Columns of the table `instances`, in the order of `instance_of` and `row_of`."""


@dataclass(frozen=True)
class Message:
    """An event that waits for an instance; without `execution_id` it is for whichever generation runs."""

    instance_id: str
    event_json: str
    execution_id: str | None = None
    position: int = 0
    opening: bool = False


@dataclass(frozen=True)
class ActivityItem:
    """An activity that is to be run."""

    id: int
    instance_id: str
    execution_id: str
    task_id: int
    name: str
    input_json: str


@dataclass(frozen=True)
class TimerItem:
    """A durable timer that has not fired yet."""

    id: int
    instance_id: str
    execution_id: str
    task_id: int
    fire_at: datetime


def moment_of(seconds: float) -> datetime:
    """The moment in a column of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def instance_of(row: tuple[Any, ...]) -> Instance:
    """The instance in a row of `instances`."""
    identifier, execution, name, version, status, given, output, custom, created, updated, parent, number = row
    return Instance(
        instance_id=identifier,
        execution_id=execution,
        name=name,
        version=version,
        status=RuntimeStatus(status),
        input_json=given,
        output=output,
        custom_status_json=custom,
        created=moment_of(created),
        updated=moment_of(updated),
        parent_json=parent,
        generation=number,
    )


def row_of(instance: Instance) -> tuple[object, ...]:
    """The row of `instances` for an instance."""
    return (
        instance.instance_id,
        instance.execution_id,
        instance.name,
        instance.version,
        instance.status.value,
        instance.input_json,
        instance.output,
        instance.custom_status_json,
        instance.created.timestamp(),
        instance.updated.timestamp(),
        instance.parent_json,
        instance.generation,
    )
