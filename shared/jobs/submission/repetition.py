"""Whether a request that comes under the name of a job is the one that made it."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from shared.contracts.job import JobDocument

_SHOWN = 5
"""Members that a message names."""


def differences(job: JobDocument, endpoint: str, deployment: str | None, body: dict[str, Any]) -> list[str]:
    """Which parts of a request are not those of the request that made the job; empty when all are.

    Names of resources are compared without regard to case, the body as it came but for the job's own name: a request
    may ask by name for the job that another one got without.
    """
    named = {"endpoint": (job.endpoint, endpoint), "deployment": (job.request_deployment, deployment or "")}
    found = [part for part, (before, now) in named.items() if before.lower() != now.lower()]
    return [*found, *islice(_different(_unnamed(job.request_body), _unnamed(body), ""), _SHOWN)]


def _unnamed(body: dict[str, Any]) -> dict[str, Any]:
    return {member: value for member, value in body.items() if member.lower() != "name"}


def _different(before: Any, now: Any, place: str) -> Iterator[str]:
    """The members that are not equal, such as `inputData.data.uri`."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in sorted({**before, **now}):
            inner = f"{place}.{name}" if place else name
            if (name in before) != (name in now):
                yield inner
            else:
                yield from _different(before[name], now[name], inner)
    elif before != now or type(before) is not type(now):
        yield place
