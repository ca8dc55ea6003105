"""Which folder a blob trigger watches."""

from urllib.parse import urlsplit

from shared.contracts.blob_triggers import SILENT_CONTAINERS, SILENT_FOLDERS, BlobCreatedTrigger
from shared.contracts.locations import Location
from shared.control_plane.datastore_locations import datastore_container
from shared.control_plane.datastore_uris import parse_datastore_uri
from shared.control_plane.workspace import Workspace
from shared.errors import ValidationError

_PATH = "properties.trigger.path"


def watched_folder(workspace: Workspace, trigger: BlobCreatedTrigger) -> tuple[str, Location]:
    """The storage account's name and the folder whose new blobs count; raises ValidationError, NotFoundError."""
    path = parse_datastore_uri(workspace.settings, trigger.path, _PATH)
    if path is None:
        raise ValidationError(
            f"{_PATH} {trigger.path!r} is not valid: use azureml://datastores/<name>/paths/<folder>", target=_PATH
        )
    folder = datastore_container(workspace, path.datastore).location(path.path)
    if folder.path.split("/")[0] in SILENT_FOLDERS or folder.container.startswith(SILENT_CONTAINERS):
        raise ValidationError(
            f"{_PATH} {trigger.path!r} is not valid: what jobs and clients of this service write starts no jobs "
            f"(the folders {' and '.join(SILENT_FOLDERS)} of each container, and the service's own containers)",
            target=_PATH,
        )
    return _account_name(folder.account_url), folder


def input_path(workspace: Workspace, trigger: BlobCreatedTrigger, path: str) -> str:
    """The URI of a path of the container that a trigger watches."""
    named = parse_datastore_uri(workspace.settings, trigger.path, _PATH)
    assert named is not None, "checked when the trigger was written"
    return f"azureml://datastores/{named.datastore}/paths/{path}"


def _account_name(account_url: str) -> str:
    """First part of the host; of emulators the path."""
    parts = urlsplit(account_url)
    return (parts.path.strip("/") or (parts.hostname or "").split(".")[0]).lower()
