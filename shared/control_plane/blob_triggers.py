"""Blob triggers: created, changed, deleted; what they did."""

from datetime import UTC, datetime

from shared.contracts.blob_triggers import BlobTriggerProperties, BlobTriggerRuns, Watched
from shared.contracts.locations import Location
from shared.contracts.names import TRIGGER_NAME
from shared.contracts.parsing import parse_model
from shared.contracts.requests import ResourceBody
from shared.control_plane.conditions import ANY_STATE, WriteConditions
from shared.control_plane.job_starters import StarterNotes, delete_starter
from shared.control_plane.resource import Resource
from shared.control_plane.saving import Change, Saved, upsert
from shared.control_plane.trigger_invocations import check_trigger
from shared.control_plane.watched_folders import watched_folder
from shared.control_plane.workspace import Workspace


def put_trigger(workspace: Workspace, name: str, body: ResourceBody, change: Change) -> Saved[BlobTriggerProperties]:
    """Create or update a trigger; raises ValidationError, or NotFoundError for what an enabled one names.

    Blobs count from the moment on at which it was created, enabled or pointed elsewhere.
    """
    TRIGGER_NAME.check(name)
    properties = parse_model(BlobTriggerProperties, body.properties)
    account, folder = watched_folder(workspace, properties.trigger)
    check_trigger(workspace, properties, folder)
    now = datetime.now(UTC)

    def written(current: Resource[BlobTriggerProperties] | None) -> BlobTriggerProperties:
        since = _since(current.properties, properties, folder) if current else None
        watched = Watched(account=account, folder=folder, since=since or now)
        return properties.model_copy(update={"watched": watched})

    return upsert(workspace.blob_triggers, (name,), written, change, body.tags)


def delete_trigger(workspace: Workspace, name: str, conditions: WriteConditions = ANY_STATE) -> bool:
    """Delete a trigger; its jobs stay. False when it was not there."""
    return delete_starter(workspace.blob_triggers, trigger_notes(workspace), name, conditions)


def trigger_notes(workspace: Workspace) -> StarterNotes[BlobTriggerRuns]:
    """What each trigger did."""
    return StarterNotes.of(workspace, "blobTriggerRuns", BlobTriggerRuns)


def runs_of(workspace: Workspace, name: str) -> BlobTriggerRuns:
    """What a trigger did."""
    row = trigger_notes(workspace).find(name)
    return row.document if row else BlobTriggerRuns()


def _since(before: BlobTriggerProperties, after: BlobTriggerProperties, folder: Location) -> datetime | None:
    """Since when blobs count, where the change leaves that as it is."""
    if before.watched is None or not before.is_enabled or not after.is_enabled:
        return None
    same = before.trigger == after.trigger and before.watched.folder == folder
    return before.watched.since if same else None
