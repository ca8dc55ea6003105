"""Where models and uploaded code lie in storage."""

from collections.abc import Iterator
from contextlib import contextmanager

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from shared.contracts.locations import Location
from shared.contracts.names import CONTAINER_NAME
from shared.control_plane.datastore_locations import datastore_container
from shared.control_plane.datastore_uris import checked_path, parse_datastore_uri
from shared.control_plane.url_locations import url_location
from shared.control_plane.workspace import Workspace
from shared.errors import ValidationError
from shared.storage.error_codes import error_code
from shared.storage.folder_blobs import find_blob, is_folder_blob
from shared.storage.locations import container_of

CODE_CONTAINER_PREFIX = "code-"
"""Every upload of code gets a container of its own (azure_ai_ml_wire, row 28)."""

_LOOKED_AT = 10
"""Blobs in one answer, where one that is a file is enough."""


def model_location(workspace: Workspace, model_uri: str) -> Location:
    """The file or folder of a model, its kind settled by looking; raises ValidationError when nothing is there."""
    location = blob_location(workspace, model_uri, "modelUri")
    with _readable(model_uri, "modelUri"):
        container = container_of(workspace.account, location)
        blob = find_blob(container.get_blob_client(location.path)) if location.path else None
        if blob and not is_folder_blob(blob):
            return location.model_copy(update={"kind": "blob"})
        if has_files(workspace, location):
            return location
    raise ValidationError(f"modelUri {model_uri!r}: there is no file or folder", target="modelUri")


def code_location(workspace: Workspace, code_uri: str) -> Location:
    """The folder of uploaded code: below a container of `startPendingUpload`, or in a datastore."""
    own = f"{workspace.account.blob_url}/{CODE_CONTAINER_PREFIX}"
    if not code_uri.startswith(own):
        return blob_location(workspace, code_uri, "codeUri")
    container, _, path = code_uri[len(workspace.account.blob_url) + 1 :].partition("/")
    CONTAINER_NAME.check_part(container, code_uri, "codeUri")
    return Location(
        kind="blob_folder",
        account_url=workspace.account.blob_url,
        container=container,
        path=checked_path(path, code_uri, "codeUri"),
    )


def blob_location(workspace: Workspace, uri: str, field: str) -> Location:
    """The folder that a datastore URI or blob URL names; raises ValidationError for anything else."""
    if path := parse_datastore_uri(workspace.settings, uri, field):
        return datastore_container(workspace, path.datastore).location(path.path)
    location = url_location(workspace, uri, field)
    if location is None or location.kind == "url":
        raise ValidationError(
            f"{field} {uri!r} is not valid: use azureml://datastores/<name>/paths/<path> or the URL of a blob folder",
            target=field,
        )
    return location


def has_files(workspace: Workspace, folder: Location) -> bool:
    """Whether there is a file below the folder; a container that does not exist has none."""
    blobs = container_of(workspace.account, folder).list_blobs(
        folder.child(""), include=["metadata"], results_per_page=_LOOKED_AT
    )
    try:
        return any(not is_folder_blob(blob) for blob in blobs)
    except ResourceNotFoundError:
        return False


@contextmanager
def _readable(uri: str, field: str) -> Iterator[None]:
    """Storage may refuse what a user names: that is an error of the request."""
    try:
        yield
    except HttpResponseError as error:
        reason = error_code(error) or error.reason
        raise ValidationError(f"{field} {uri!r} cannot be read: {reason}", target=field) from error
