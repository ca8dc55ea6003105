"""The rows of the task hub as objects."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from local.functions_host.durable.hub.errors import InvalidRequestError

COLUMNS = (
    "instance_id, execution_id, name, version, status, input, output, custom_status, created, updated, "
    "parent, generation"
)
"""Columns of the table `instances`, in the order of `instance_of` and `row_of`."""


@dataclass(frozen=True)
class Message:
    """An event that waits for an instance. Without `execution_id` it is for the generation that runs then."""

    instance_id: str
    event_json: str
    execution_id: str | None = None
    position: int = 0
    opening: bool = False


@dataclass(frozen=True)
class ActivityItem:
    """An activity that has not run yet."""

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
    """Return the moment in a column of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


class RuntimeStatus(StrEnum):
    """The states of an instance, spelled as clients see them."""

    PENDING = "Pending"
    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"

    @property
    def finished(self) -> bool:
        """True if the instance has ended."""
        return self in (RuntimeStatus.COMPLETED, RuntimeStatus.FAILED)


@dataclass(frozen=True)
class Instance:
    """One orchestration instance.

    Attributes:
        execution_id: names the current generation; changes with `continue_as_new`.
        input_json: JSON text of the `Input` field.
        output: JSON text of the result, or the plain reason of a failed instance.
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


def instance_of(row: tuple[Any, ...]) -> Instance:
    """Return the instance in a row of `instances`."""
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
    """Return the row of `instances` for an instance."""
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


MAX_LENGTH = 100
"""The documented limit. The extension itself allows up to 256, but other backends do not."""

_FORBIDDEN = frozenset("/\\#?")


def new_instance_id() -> str:
    """Return a fresh id: a GUID of 32 hexadecimal digits, as .NET's format "N" writes it."""
    return uuid.uuid4().hex


def check_instance_id(instance_id: str) -> str:
    """Return the id itself if it can be used.

    Raises:
        InvalidRequestError: the message names the id and the rule that it breaks.
    """
    problem = _problem(instance_id)
    if problem:
        raise InvalidRequestError(f"Instance id {instance_id!r} {problem}.")
    return instance_id


def _problem(instance_id: str) -> str:
    if not instance_id:
        return "is empty; use 1 to 100 characters"
    if len(instance_id) > MAX_LENGTH:
        return f"has {len(instance_id)} characters; at most {MAX_LENGTH} are allowed"
    if instance_id.startswith("@"):
        return "begins with '@', which is reserved for entities"
    if any(character in _FORBIDDEN or not character.isprintable() for character in instance_id):
        return "holds one of / \\ # ? or a control character, which are not allowed"
    return ""
