"""Resolves models, uploaded code, data assets and URIs of jobs to places in storage."""

from collections.abc import Iterator
from contextlib import contextmanager

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from shared.contracts.job_spec import Location
from shared.contracts.names import CONTAINER_NAME
from shared.control_plane.datastores.locations import (
    checked_path,
    datastore_container,
    parse_datastore_uri,
    url_location,
)
from shared.control_plane.references import AssetName, below_workspace, get_version, parse_asset, parse_named
from shared.control_plane.workspace import Workspace
from shared.errors import ValidationError
from shared.storage.account import error_code
from shared.storage.blobs import CODE_CONTAINER_PREFIX, container_of, find_blob, is_folder_blob

_LOOKED_AT = 10
"""Blobs in one answer. One file among them is enough."""


def model_location(workspace: Workspace, model_uri: str) -> Location:
    """Return the file or the folder of a model, whichever exists. Raises ValidationError if nothing is there."""
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
    """Return the folder of uploaded code. It is in a container of `startPendingUpload`, or in a datastore."""
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
    """Return the folder that a datastore URI or blob URL names; raises ValidationError for anything else."""
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
    """Return whether there is a file below the folder. A container that does not exist has none."""
    blobs = container_of(workspace.account, folder).list_blobs(
        folder.child(""), include=["metadata"], results_per_page=_LOOKED_AT
    )
    try:
        return any(not is_folder_blob(blob) for blob in blobs)
    except ResourceNotFoundError:
        return False


@contextmanager
def _readable(uri: str, field: str) -> Iterator[None]:
    """Turn storage's refusal of a place that a user names into an error of the request."""
    try:
        yield
    except HttpResponseError as error:
        reason = error_code(error) or error.reason
        raise ValidationError(f"{field} {uri!r} cannot be read: {reason}", target=field) from error


def resolve_data_asset(
    workspace: Workspace, name: str, version: str | None = None, via: tuple[str, ...] = ()
) -> Location:
    """Return where a version of a data asset lies; None and `latest` mean the newest.

    `via` names the data assets whose URIs led here. Raises NotFoundError, and ValidationError when one of them is this.
    """
    chain = (*via, name.lower())
    if name.lower() in via:
        raise ValidationError(
            f"data asset {name!r} leads back to itself ({' → '.join(chain)}); give it the URI of a file or folder",
            target="dataUri",
        )
    data = get_version(workspace.data, name, version).document.properties
    location = resolve_uri(workspace, data.data_uri, "dataUri", via=chain)
    if data.data_type == "uri_file" and location.kind == "blob_folder":
        return location.model_copy(update={"kind": "blob"})
    return location


def resolve_datastore(workspace: Workspace, name_or_id: str, path: str = "", field: str = "datastoreId") -> Location:
    """Return a path in the datastore of this name or ARM id; raises NotFoundError, ValidationError."""
    name = parse_named(workspace.settings, name_or_id, "datastores", field)
    return datastore_container(workspace, name).location(checked_path(path, path, "path"))


def resolve_uri(workspace: Workspace, uri: str, field: str = "uri", via: tuple[str, ...] = ()) -> Location:
    """Return where `uri` points, for a job's input or output.

    Accepted: `azureml://datastores/D/paths/P` (short and long), `azureml:<name>:<version>`, `azureml:<name>@latest`,
    ARM ids of data versions and of `datastores/D/paths/P`, http(s) URLs, `wasbs://`. For blobs the kind is
    `blob_folder` unless a `uri_file` asset says otherwise: whether it is a file is settled by looking.
    `via` as for `resolve_data_asset`.
    Raises ValidationError and NotFoundError that name `field`.
    """
    if path := parse_datastore_uri(workspace.settings, uri, field):
        return datastore_container(workspace, path.datastore).location(path.path)
    text = uri.strip()
    if location := url_location(workspace, text, field):
        return location
    if named := _data_name(workspace, text, field):
        return resolve_data_asset(workspace, named.name, named.version, via)
    raise ValidationError(
        f"{field} {uri!r} is not valid: use azureml://datastores/<name>/paths/<path>, azureml:<data asset>:<version>, "
        "an ARM id of a data version or datastore path, or an http(s) or wasbs URL",
        target=field,
    )


def _data_name(workspace: Workspace, text: str, field: str) -> AssetName | None:
    if text.lower().startswith("azureml://") and below_workspace(workspace.settings, text, field) is None:
        return None
    if text.lower().startswith(("azureml:", "/subscriptions/")):
        return parse_asset(workspace.settings, text, "data", field)
    return None
