"""ARM's forms of answers: resources, pages, what was written, what was deleted."""

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
    """A resource in ARM's envelope; a tracked one shows its location and tags beside its properties."""
    answer: dict[str, Any] = {
        "id": resource_id(settings, *segments),
        "name": segments[-1],
        "type": "/".join((PROVIDER, *segments[::2])),
        "properties": dict(properties),
        "systemData": system_data(resource),
    }
    return answer | {"location": settings.location, "tags": resource.tags} if tracked else answer


def system_data(resource: Resource[Properties]) -> dict[str, str]:
    """Who made and changed the resource, and when."""
    return {
        "createdAt": resource.created.isoformat(),
        "createdBy": resource.created_by.name,
        "createdByType": resource.created_by.kind,
        "lastModifiedAt": resource.modified.isoformat(),
        "lastModifiedBy": resource.modified_by.name,
        "lastModifiedByType": resource.modified_by.kind,
    }


def shown(row: Row[Resource[Properties]], content: dict[str, Any]) -> JSONResponse:
    """The answer to a GET."""
    return JSONResponse(content, headers={"ETag": row.etag})


def written(saved: Upserted[Properties], content: dict[str, Any]) -> JSONResponse:
    """The answer to a PUT: 201 when it made the resource, else 200."""
    return JSONResponse(content, 201 if saved.created else 200, {"ETag": saved.row.etag})


def written_as_operation(
    settings: Settings, kind: str, saved: Upserted[Properties], content: dict[str, Any]
) -> JSONResponse:
    """The same for kinds whose PUT is a long-running operation: it has ended already, and says where to ask."""
    answer = written(saved, content)
    operation = quote(SEPARATOR.join((kind, *saved.resource.names)))
    url = f"{settings.public_url}{settings.workspace_id}/operationStatuses/{operation}?api-version=2023-10-01"
    answer.headers["Azure-AsyncOperation"] = url
    answer.headers["Retry-After"] = str(POLL_SECONDS)
    return answer


def deleted(existed: bool) -> Response:
    """The answer to a DELETE: 204 when there was nothing."""
    return Response(status_code=200 if existed else 204)


def listed(
    settings: Settings,
    request: Request,
    page: Page[Named],
    content: Callable[[Named], dict[str, Any]],
    problems: Problems,
) -> dict[str, Any]:
    """A page of a list with a link to the next one; `problems` say what of the list cannot be shown."""
    link = next_link(settings, request, page.skip_token) if page.skip_token is not None else None
    return page_content(page.items, content, link, problems)
