"""Uploads of code that were begun and never became a version, or whose version was deleted."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from azure.core.exceptions import ResourceNotFoundError

from shared.contracts.locations import Location
from shared.control_plane.asset_locations import CODE_CONTAINER_PREFIX, code_location
from shared.control_plane.workspace import Workspace

SETTLED_AFTER = timedelta(days=1)
"""By then nobody can write to an upload any more (its SAS lives for an hour), and its version exists if ever."""


def unnamed_uploads(workspace: Workspace, used: Iterable[Location] = ()) -> list[str]:
    """Containers of uploads that are settled and that no version of code, and nothing in `used`, names."""
    # The uploads are listed first: a version that is made meanwhile is seen.
    settled = _settled_uploads(workspace)
    if not settled:
        return []
    versions = (code_location(workspace, row.document.properties.code_uri) for row in workspace.codes.list())
    named = {location.container for location in (*versions, *used)}
    return [container for container in settled if container not in named]


def remove_uploads(workspace: Workspace, containers: Iterable[str]) -> None:
    """Delete these containers; those that are gone already are no error."""
    for container in containers:
        with suppress(ResourceNotFoundError):
            workspace.account.blobs.delete_container(container)


def _settled_uploads(workspace: Workspace) -> list[str]:
    limit = datetime.now(UTC) - SETTLED_AFTER
    found = workspace.account.blobs.list_containers(name_starts_with=CODE_CONTAINER_PREFIX)
    return [str(container.name) for container in found if container.last_modified < limit]
