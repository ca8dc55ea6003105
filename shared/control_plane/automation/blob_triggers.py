"""Blob triggers: how they are created, changed and deleted, and their notes."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from shared.contracts.automation import (
    SILENT_CONTAINERS,
    SILENT_FOLDERS,
    BlobCreatedTrigger,
    BlobTriggerProperties,
    BlobTriggerRuns,
    Watched,
)
from shared.contracts.bodies import ResourceBody, parse_model
from shared.contracts.invoke import InvokeProperties
from shared.contracts.job_spec import Location
from shared.contracts.names import TRIGGER_NAME, fault_of_blob_name
from shared.control_plane.assets.locations import resolve_datastore, resolve_uri
from shared.control_plane.automation.automation import (
    DEFINITION,
    AutomationNotes,
    check_targets,
    delete_automation,
    invocation_body,
)
from shared.control_plane.datastores.locations import datastore_container, parse_datastore_uri
from shared.control_plane.resource_table import ANY_STATE, Change, Resource, Upserted, WriteConditions, upsert
from shared.control_plane.workspace import Workspace
from shared.errors import ValidationError
from shared.storage.blobs import DEFAULT_DATASTORE


def put_trigger(workspace: Workspace, name: str, body: ResourceBody, change: Change) -> Upserted[BlobTriggerProperties]:
    """Create or update a trigger; raises ValidationError, or NotFoundError for what an enabled one names.

    A blob counts if it was written after the trigger was created, enabled or pointed elsewhere.
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
    """Delete a trigger. Its jobs stay. Return False if it was not there."""
    return delete_automation(workspace.blob_triggers, trigger_notes(workspace), name, conditions)


def trigger_notes(workspace: Workspace) -> AutomationNotes[BlobTriggerRuns]:
    """Return what each trigger did."""
    return AutomationNotes.of(workspace, "blobTriggerRuns", BlobTriggerRuns)


def runs_of(workspace: Workspace, name: str) -> BlobTriggerRuns:
    """Return what a trigger did."""
    row = trigger_notes(workspace).find(name)
    return row.document if row else BlobTriggerRuns()


def _since(before: BlobTriggerProperties, after: BlobTriggerProperties, folder: Location) -> datetime | None:
    """Return since when blobs count, or None if the change moves that time."""
    if before.watched is None or not before.is_enabled or not after.is_enabled:
        return None
    same = before.trigger == after.trigger and before.watched.folder == folder
    return before.watched.since if same else None


_ENDS_WITH = "properties.trigger.endsWith"


def check_trigger(workspace: Workspace, properties: BlobTriggerProperties, folder: Location) -> None:
    """Raise ValidationError or NotFoundError for wrong values. The trigger watches `folder`."""
    body = invocation_body(properties.invocation, "jobs of a trigger are named after it and the blob")
    if body.dataset or body.input_data:
        member = f"{DEFINITION}.{'dataset' if body.dataset else 'inputData'}"
        raise ValidationError(f"{member} is not allowed: the new blob, or its folder, is the input", target=member)
    if properties.trigger.job_input_type == "UriFolder" and not properties.trigger.ends_with:
        raise ValidationError(
            f"{_ENDS_WITH} is missing: with UriFolder it names the marker that says that the folder is complete, such "
            "as _SUCCESS",
            target=_ENDS_WITH,
        )
    if fault := fault_of_blob_name(f"a{properties.trigger.ends_with}"):
        raise ValidationError(
            f"{_ENDS_WITH} is not valid, as no blob's name ends like this: such a name {fault}", target=_ENDS_WITH
        )
    _check_output(workspace, body, folder)
    check_targets(workspace, properties, body)


def _check_output(workspace: Workspace, body: InvokeProperties, watched: Location) -> None:
    """Raise ValidationError if outputs would lie where they start the next job."""
    for output in _output_folders(workspace, body):
        same = (output.account_url.lower(), output.container) == (watched.account_url.lower(), watched.container)
        if same and (_is_below(output.path, watched.path) or _is_below(watched.path, output.path)):
            raise ValidationError(
                f"{DEFINITION}: the outputs in {output.path!r} and the new blobs in {watched.path!r} would lie in one "
                "another, and each job would start the next; name another folder, or none for the default one",
                target=DEFINITION,
            )


def _output_folders(workspace: Workspace, body: InvokeProperties) -> list[Location]:
    """Return the folders that the invocation names. The default ones, `azureml/<job id>`, start no jobs."""
    placed = [output for output in body.output_data.values() if output.uri]
    folders = [resolve_uri(workspace, output.folder_uri, "outputData.uri") for output in placed]
    if body.output_dataset and body.output_dataset.path:
        datastore = (body.output_dataset.datastore_id or DEFAULT_DATASTORE).removeprefix("azureml:").strip()
        folders.append(resolve_datastore(workspace, datastore, body.output_dataset.path, "outputDataset.datastoreId"))
    return folders


def _is_below(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


_PATH = "properties.trigger.path"


def watched_folder(workspace: Workspace, trigger: BlobCreatedTrigger) -> tuple[str, Location]:
    """Return the storage account's name and the watched folder. Raises ValidationError and NotFoundError."""
    path = parse_datastore_uri(workspace.settings, trigger.path, _PATH)
    if path is None:
        raise ValidationError(
            f"{_PATH} {trigger.path!r} is not valid: use azureml://datastores/<name>/paths/<folder>", target=_PATH
        )
    folder = datastore_container(workspace, path.datastore).location(path.path)
    if folder.path.split("/")[0] in SILENT_FOLDERS or folder.container.startswith(SILENT_CONTAINERS):
        raise ValidationError(
            f"{_PATH} {trigger.path!r} is not valid: blobs that jobs and clients of this service write start no jobs "
            f"(the folders {' and '.join(SILENT_FOLDERS)} of each container, and the service's own containers)",
            target=_PATH,
        )
    return _account_name(folder.account_url), folder


def input_path(workspace: Workspace, trigger: BlobCreatedTrigger, path: str) -> str:
    """Return the URI of a path of the container that a trigger watches."""
    named = parse_datastore_uri(workspace.settings, trigger.path, _PATH)
    assert named is not None, "checked when the trigger was written"
    return f"azureml://datastores/{named.datastore}/paths/{path}"


def _account_name(account_url: str) -> str:
    """Return the first part of the host, or for emulators the path."""
    parts = urlsplit(account_url)
    return (parts.path.strip("/") or (parts.hostname or "").split(".")[0]).lower()
