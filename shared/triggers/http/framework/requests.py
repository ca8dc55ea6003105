"""FastAPI dependencies that read what all routes of the management API need from a request."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Query

from shared.contracts.bodies import ListView
from shared.control_plane.resource_table import Author, Change, WriteConditions
from shared.errors import ApiVersionError, NotFoundError
from shared.security.access import Caller
from shared.settings import Settings
from shared.triggers.http.framework.authorization import current_caller
from shared.triggers.http.framework.paging import MAX_PAGE

_API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-[a-zA-Z]+)?")


def api_version(asked: Annotated[str | None, Query(alias="api-version")] = None) -> None:
    """Every request names a version; all well-formed ones are served alike."""
    if not asked:
        raise ApiVersionError("the query parameter api-version is missing: add ?api-version=YYYY-MM-DD")
    if not _API_VERSION.fullmatch(asked):
        raise ApiVersionError(f"api-version {asked!r} is not valid: use YYYY-MM-DD or YYYY-MM-DD-preview")


def served_workspace(settings: Settings) -> Callable[[str, str, str], None]:
    """Return a dependency that refuses the paths of other workspaces."""

    def check(subscription: str, resource_group: str, workspace: str) -> None:
        asked = (
            ("subscription", subscription, settings.subscription_id),
            ("resource group", resource_group, settings.resource_group),
            ("workspace", workspace, settings.workspace),
        )
        for label, name, served in asked:
            if name.lower() != served.lower():
                raise NotFoundError(
                    f"{label} {name!r} not found; this service has {settings.workspace_id}", target=name
                )

    return check


def write_conditions(
    if_match: Annotated[str, Header()] = "", if_none_match: Annotated[str, Header()] = ""
) -> WriteConditions:
    """Read `If-Match` and `If-None-Match`."""
    return WriteConditions(if_match, if_none_match)


def change_by_caller(
    caller: Annotated[Caller, Depends(current_caller)],
    conditions: Annotated[WriteConditions, Depends(write_conditions)],
) -> Change:
    """Return a change in the caller's name, under the request's conditions."""
    return Change(Author(name=caller.name, kind=caller.kind), conditions)


Conditions = Annotated[WriteConditions, Depends(write_conditions)]
ByCaller = Annotated[Change, Depends(change_by_caller)]


@dataclass(frozen=True)
class ListQuery:
    """The query of a list."""

    size: int | None
    skip_token: str | None
    view: ListView
    order_by: str | None


def list_query(
    top: Annotated[int | None, Query(alias="$top", ge=1, le=MAX_PAGE)] = None,
    count: Annotated[int | None, Query(ge=1, le=MAX_PAGE)] = None,
    skip_token: Annotated[str | None, Query(alias="$skiptoken")] = None,
    view: Annotated[ListView, Query(alias="listViewType")] = ListView.ACTIVE_ONLY,
    order_by: Annotated[str | None, Query(alias="$orderBy")] = None,
) -> ListQuery:
    """Read `$top` (or `count`), `$skiptoken`, `listViewType` and `$orderBy`."""
    return ListQuery(top or count, skip_token, view, order_by)


Listing = Annotated[ListQuery, Depends(list_query)]
