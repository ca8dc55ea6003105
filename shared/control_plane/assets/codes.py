"""Versions of uploaded code. Each upload has a container of its own."""

import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from azure.core.exceptions import ResourceNotFoundError

from shared.contracts.bodies import ResourceBody, parse_model
from shared.contracts.resources import CodeProperties
from shared.control_plane.assets.locations import code_location, has_files
from shared.control_plane.assets.versions import put_version
from shared.control_plane.references import must_exist
from shared.control_plane.resource_table import Change, Resource, Upserted
from shared.control_plane.workspace import Workspace
from shared.errors import ValidationError
from shared.storage.blobs import CODE_CONTAINER_PREFIX
from shared.storage.sas import container_sas

UPLOAD_LIFETIME = timedelta(hours=1)

_PERMISSIONS = "rcwl"


@dataclass(frozen=True)
class PendingUpload:
    """The container and SAS for the files of a code version."""

    id: str
    blob_uri: str
    sas_uri: str


def start_upload(workspace: Workspace) -> PendingUpload:
    """Create a container for one upload, with a SAS. The client uploads below the local folder's name."""
    upload_id = uuid.uuid4().hex
    container = f"{CODE_CONTAINER_PREFIX}{upload_id}"
    workspace.account.blobs.create_container(container)
    uri = f"{workspace.account.blob_url}/{container}"
    sas = container_sas(workspace.account, container, _PERMISSIONS, UPLOAD_LIFETIME)
    return PendingUpload(upload_id, uri, f"{uri}?{sas}")


def put_code(
    workspace: Workspace, name: str, version: str, body: ResourceBody, change: Change
) -> Upserted[CodeProperties]:
    """Create a version of code; raises ValidationError when nothing was uploaded, ConflictError for other content."""
    properties = parse_model(CodeProperties, body.properties)
    with must_exist("codeUri"):
        location = code_location(workspace, properties.code_uri)
    if not has_files(workspace, location):
        raise ValidationError(f"codeUri {properties.code_uri!r}: nothing was uploaded there", target="codeUri")

    def content(code: CodeProperties) -> object:
        return code_location(workspace, code.code_uri)

    return put_version(workspace.codes, name, version, properties, change, content=content)


def find_by_hash(workspace: Workspace, digest: str, hash_version: str | None) -> list[Resource[CodeProperties]]:
    """Return the versions of any name whose files have this hash and still exist."""
    return [
        code
        for code in workspace.codes.documents()
        if code.properties.properties.get("hash_sha256") == digest
        and hash_version in {None, code.properties.properties.get("hash_version")}
        and has_files(workspace, code_location(workspace, code.properties.code_uri))
    ]


SETTLED_AFTER = timedelta(days=1)
"""After this time an upload counts as settled. Its SAS has expired, and its version exists or never will."""


def unnamed_uploads(workspace: Workspace) -> list[str]:
    """Return the containers of settled uploads that no version of code names. Unfinished jobs may still use one."""
    # List the uploads first. A version that is made meanwhile is then seen.
    settled = _settled_uploads(workspace)
    if not settled:
        return []
    versions = (code_location(workspace, row.document.properties.code_uri) for row in workspace.codes.list())
    named = {location.container for location in versions}
    return [container for container in settled if container not in named]


def remove_uploads(workspace: Workspace, containers: Iterable[str]) -> None:
    """Delete these containers. A missing one is not an error."""
    for container in containers:
        with suppress(ResourceNotFoundError):
            workspace.account.blobs.delete_container(container)


def _settled_uploads(workspace: Workspace) -> list[str]:
    limit = datetime.now(UTC) - SETTLED_AFTER
    found = workspace.account.blobs.list_containers(name_starts_with=CODE_CONTAINER_PREFIX)
    return [str(container.name) for container in found if container.last_modified < limit]
