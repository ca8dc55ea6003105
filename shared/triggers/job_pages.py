"""Pages of jobs, alike on every surface that lists them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from shared.contracts.job import JobDocument
from shared.jobs.store import JobPage
from shared.settings import Settings
from shared.triggers.paging import continuation_of, next_link, page_content, skip_token

MAX_PAGE = 100


@dataclass(frozen=True)
class JobListing:
    """How a page is asked for."""

    size: int
    continuation: dict[str, str] | None


def job_query(
    top: Annotated[int, Query(alias="$top", ge=1, le=MAX_PAGE)] = MAX_PAGE,
    token: Annotated[str | None, Query(alias="$skiptoken")] = None,
) -> JobListing:
    """`$top` and `$skiptoken`."""
    return JobListing(top, continuation_of(token))


JobQuery = Annotated[JobListing, Depends(job_query)]


def job_page(
    settings: Settings, request: Request, page: JobPage, content: Callable[[JobDocument], dict[str, Any]]
) -> dict[str, Any]:
    """The page with a link to the next one."""
    link = next_link(settings, request, skip_token(page.continuation)) if page.continuation else None
    return page_content(page.jobs, content, link, [*page.problems])
