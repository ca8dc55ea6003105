"""Schedules, at Azure ML's path."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter

from shared.contracts.schedules import ScheduleProperties
from shared.control_plane.resource import Resource
from shared.control_plane.schedules import delete_schedule, last_run, next_due_time, put_schedule
from shared.control_plane.workspace import Workspace
from shared.triggers.management.job_starters import job_starters_router


def schedules_router(workspace: Workspace) -> APIRouter:
    """Routes below a workspace."""

    def properties(schedule: Resource[ScheduleProperties]) -> dict[str, Any]:
        """Those that were written, and the last and the next time."""
        run = last_run(workspace, schedule.name)
        due = next_due_time(schedule, datetime.now(UTC))
        times = {"lastRun": run.to_arm() if run else None, "nextRunTime": due.isoformat() if due else None}
        return schedule.properties.to_arm() | times

    return job_starters_router(workspace, workspace.schedules, put_schedule, delete_schedule, properties)
