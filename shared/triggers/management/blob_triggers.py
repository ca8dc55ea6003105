"""Blob triggers, beside Azure ML's schedules."""

from typing import Any

from fastapi import APIRouter

from shared.contracts.blob_triggers import BlobTriggerProperties
from shared.control_plane.blob_triggers import delete_trigger, put_trigger, runs_of
from shared.control_plane.resource import Resource
from shared.control_plane.workspace import Workspace
from shared.triggers.management.job_starters import job_starters_router


def blob_triggers_router(workspace: Workspace) -> APIRouter:
    """Routes below a workspace."""

    def properties(trigger: Resource[BlobTriggerProperties]) -> dict[str, Any]:
        """Those that were written, and what the trigger did."""
        shown = trigger.properties.to_arm()
        watched = shown.pop("watched")
        return shown | {"status": {"since": watched["since"], **runs_of(workspace, trigger.name).to_arm()}}

    return job_starters_router(workspace, workspace.blob_triggers, put_trigger, delete_trigger, properties)
