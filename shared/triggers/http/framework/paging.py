"""Pages of lists: `nextLink`, and the continuation in its `$skiptoken`."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Protocol, TypeVar
from urllib.parse import quote, urlencode

from fastapi import Depends, Query, Request

from shared.contracts.job import JobDocument
from shared.contracts.strict_json import read_json
from shared.errors import Problems, ValidationError, isolated
from shared.jobs.store import JobPage
from shared.settings import Settings


class HasName(Protocol):
    """An item of a list."""

    @property
    def name(self) -> str:
        """Return the name that users see."""
        ...


Named = TypeVar("Named", bound=HasName)

DEFAULT_PAGE = 100
MAX_PAGE = 1000

MAX_JOB_PAGE = 100
"""Each job of a page costs a read of its own."""

_KEYS = {"PartitionKey", "RowKey"}
"""The members of a continuation of Table storage."""


def next_link(settings: Settings, request: Request, token: str) -> str:
    """Return the absolute link to the page that begins at `token`. It keeps the query of the request."""
    query = [(key, value) for key, value in request.query_params.multi_items() if key != "$skiptoken"]
    return f"{settings.public_url}{quote(request.url.path)}?{urlencode([*query, ('$skiptoken', token)])}"


def page_content(
    items: Iterable[Named], content: Callable[[Named], dict[str, Any]], link: str | None, problems: Problems
) -> dict[str, Any]:
    """Return a page of a list. An item that cannot be shown becomes one of its `warnings`; the others are shown."""
    value = list[dict[str, Any]]()
    for item in items:
        with isolated(item.name, problems):
            value.append(content(item))
    warnings = {"warnings": [problem.as_arm_error() for problem in problems]} if problems else {}
    return {"value": value, "nextLink": link, **warnings}


def skip_token(continuation: dict[str, str]) -> str:
    """Encode a continuation as text."""
    return base64.urlsafe_b64encode(json.dumps(continuation).encode()).decode()


def continuation_of(token: str | None) -> dict[str, str] | None:
    """Decode the continuation in a token. Raise ValidationError if this service did not make the token."""
    if not token:
        return None
    try:
        value = read_json(base64.b64decode(token, altchars=b"-_", validate=True), "$skiptoken")
    except (ValueError, ValidationError):  # of base64: also binascii.Error
        value = None
    if not (isinstance(value, dict) and value.keys() == _KEYS and all(map(_is_key, value.values()))):
        raise ValidationError("$skiptoken is not valid: use the nextLink of the page before", target="$skiptoken")
    return value


def _is_key(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.isprintable())  # Azure may give no row key


Item = TypeVar("Item")
"""An item of the list."""


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some items of a list."""

    items: list[Item]
    skip_token: str | None
    """Where the next page begins. None: this is the last page."""


def page_of(
    items: Iterable[Item],
    key: Callable[[Item], str],
    *,
    size: int | None = None,
    skip_token: str | None = None,
    descending: bool = False,
) -> Page[Item]:
    """Return the first `size` items by their unique keys, after the item that `skip_token` stands for."""
    ordered = sorted(items, key=key, reverse=descending)
    if skip_token is not None:
        after = _decoded(skip_token)
        ordered = [item for item in ordered if (key(item) < after if descending else key(item) > after)]
    limit = min(size or DEFAULT_PAGE, MAX_PAGE)
    shown = ordered[:limit]
    return Page(shown, _encoded(key(shown[-1])) if len(ordered) > limit else None)


def _encoded(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _decoded(token: str) -> str:
    try:
        return base64.b64decode(token.encode() + b"=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise ValidationError(
            f"$skiptoken {token!r} is not valid: follow nextLink as it is", target="$skiptoken"
        ) from error


@dataclass(frozen=True)
class JobListing:
    """The query of a page of jobs."""

    size: int
    continuation: dict[str, str] | None


def job_query(
    top: Annotated[int, Query(alias="$top", ge=1, le=MAX_JOB_PAGE)] = MAX_JOB_PAGE,
    token: Annotated[str | None, Query(alias="$skiptoken")] = None,
) -> JobListing:
    """Read `$top` and `$skiptoken`."""
    return JobListing(top, continuation_of(token))


JobQuery = Annotated[JobListing, Depends(job_query)]


def job_page(
    settings: Settings, request: Request, page: JobPage, content: Callable[[JobDocument], dict[str, Any]]
) -> dict[str, Any]:
    """Return the page with a link to the next one."""
    link = next_link(settings, request, skip_token(page.continuation)) if page.continuation else None
    return page_content(page.jobs, content, link, [*page.problems])
