"""Schedules: ARM `properties` with Azure ML's names, for the action `InvokeBatchEndpoint`."""

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.resources import ArmModel, TextMap


class CronTrigger(ArmModel):
    """When a schedule is due."""

    trigger_type: Literal["Cron"]
    expression: str
    """Five fields, or six with seconds first."""
    time_zone: str = "UTC"
    """A name of the IANA database."""
    start_time: datetime | None = None
    """In `time_zone` unless it has an offset; not due earlier."""
    end_time: datetime | None = None
    """Not due later."""


class EndpointInvocation(ArmModel):
    """What is invoked: the same as a message on `job-requests`."""

    endpoint: str = Field(min_length=1)
    deployment: str | None = None
    properties: dict[str, Any]
    """`properties` of the body of an invocation."""


class InvokeAction(ArmModel):
    """What a schedule does."""

    action_type: Literal["InvokeBatchEndpoint"]
    endpoint_invocation_definition: EndpointInvocation


class ScheduleProperties(ArmModel):
    """A schedule."""

    read_only = frozenset({"provisioningstate", "lastrun", "nextruntime"})

    display_name: str | None = None
    description: str | None = None
    is_enabled: bool = True
    trigger: CronTrigger
    action: InvokeAction
    allow_overlap: bool = False
    """Whether a job starts while the one before still runs. Azure ML has no such member."""
    tags: TextMap = Field(default_factory=dict)
    properties: TextMap = Field(default_factory=dict)


class ScheduleRun(ArmModel):
    """The latest time that a schedule was due and that is dealt with."""

    due: AwareDatetime
    job: str | None = None
    """The job that was started."""
    problem: str | None = None
    """Why none could be."""
