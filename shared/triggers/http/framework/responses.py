"""Answers in the form of ARM: resources, pages, writes, deletions."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from shared.contracts.bodies import ArmModel
from shared.control_plane.references import resource_id
from shared.control_plane.resource_table import SEPARATOR, Resource, Upserted
from shared.errors import Problems
from shared.settings import Settings
from shared.storage.rows import Row
from shared.triggers.http.framework.paging import Named, Page, next_link, page_content

PROVIDER = "Microsoft.MachineLearningServices/workspaces"

POLL_SECONDS = 1
"""Without this header, clients wait half a minute between two polls."""

Properties = TypeVar("Properties", bound=ArmModel)


def arm_resource(
    settings: Settings,
    segments: tuple[str, ...],
    resource: Resource[Properties],
    properties: Mapping[str, Any],
    *,
    tracked: bool = False,
) -> dict[str, Any]:
    """Return a resource in ARM's envelope. A `tracked` one also shows its location and tags."""
    answer: dict[str, Any] = {
        "id": resource_id(settings, *segments),
        "name": segments[-1],
        "type": "/".join((PROVIDER, *segments[::2])),
        "properties": dict(properties),
        "systemData": system_data(resource),
    }
    return answer | {"location": settings.location, "tags": resource.tags} if tracked else answer


def system_data(resource: Resource[Properties]) -> dict[str, str]:
    """Return who created and changed the resource, and when."""
    return {
        "createdAt": resource.created.isoformat(),
        "createdBy": resource.created_by.name,
        "createdByType": resource.created_by.kind,
        "lastModifiedAt": resource.modified.isoformat(),
        "lastModifiedBy": resource.modified_by.name,
        "lastModifiedByType": resource.modified_by.kind,
    }


def shown(row: Row[Resource[Properties]], content: dict[str, Any]) -> JSONResponse:
    """Return the answer to a GET."""
    return JSONResponse(content, headers={"ETag": row.etag})


def written(saved: Upserted[Properties], content: dict[str, Any]) -> JSONResponse:
    """Return the answer to a PUT: 201 if it created the resource, else 200."""
    return JSONResponse(content, 201 if saved.created else 200, {"ETag": saved.row.etag})


def written_as_operation(
    settings: Settings, kind: str, saved: Upserted[Properties], content: dict[str, Any]
) -> JSONResponse:
    """Return the answer to a PUT that is a long-running operation. It has ended; a header links to it."""
    answer = written(saved, content)
    operation = quote(SEPARATOR.join((kind, *saved.resource.names)))
    url = f"{settings.public_url}{settings.workspace_id}/operationStatuses/{operation}?api-version=2023-10-01"
    answer.headers["Azure-AsyncOperation"] = url
    answer.headers["Retry-After"] = str(POLL_SECONDS)
    return answer


def deleted(existed: bool) -> Response:
    """Return the answer to a DELETE: 204 if there was nothing to delete."""
    return Response(status_code=200 if existed else 204)


def listed(
    settings: Settings,
    request: Request,
    page: Page[Named],
    content: Callable[[Named], dict[str, Any]],
    problems: Problems,
) -> dict[str, Any]:
    """Return a page of a list with a link to the next page. `problems` say which items cannot be shown."""
    link = next_link(settings, request, page.skip_token) if page.skip_token is not None else None
    return page_content(page.items, content, link, problems)
