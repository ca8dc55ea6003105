"""Schedules: ARM `properties` with Azure ML's names, for the action `InvokeBatchEndpoint`."""

from typing import Literal

from pydantic import AwareDatetime

from shared.contracts.instants import LocalOrInstant
from shared.contracts.job_starters import JobStarterProperties
from shared.contracts.resources import ArmModel


class CronTrigger(ArmModel):
    """When a schedule is due."""

    trigger_type: Literal["Cron"]
    expression: str
    """Five fields, or six with seconds first."""
    time_zone: str = "UTC"
    """A name of the IANA database."""
    start_time: LocalOrInstant | None = None
    """In `time_zone` unless it has an offset; not due earlier."""
    end_time: LocalOrInstant | None = None
    """Not due later."""


class ScheduleProperties(JobStarterProperties):
    """A schedule."""

    read_only = frozenset({"provisioningstate", "lastrun", "nextruntime"})

    trigger: CronTrigger
    allow_overlap: bool = False
    """Whether a job starts while the one before still runs. Azure ML has no such member."""


class ScheduleRun(ArmModel):
    """What a schedule did last."""

    due: AwareDatetime | None = None
    """The latest time that it was due and that is dealt with."""
    job: str | None = None
    """The job that was started."""
    problem: str | None = None
    """Why none could be; without a new `due`, the time is tried again."""
