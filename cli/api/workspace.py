"""The management API of one workspace: resources by path, long-running operations, paged lists."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from cli.connection.connection import Connection
from cli.connection.token import MANAGEMENT_AUDIENCE
from cli.output.errors import CliError, InvalidInputError, NotFoundError, ServiceError, UsageError, did_you_mean
from cli.output.field_names import in_files_words

if TYPE_CHECKING:
    from cli.api.transport import Answer, Transport

API_VERSION = "2023-10-01"
LONGEST_WAIT_SECONDS = 1800.0

Resource = dict[str, Any]
"""An ARM resource: id, name, type, properties."""


@dataclass(frozen=True)
class Workspace:
    """The workspace that a command works in."""

    connection: Connection

    @cached_property
    def transport(self) -> "Transport":
        """HTTP with the caller's tokens."""
        from cli.api.transport import Transport  # it imports urllib3, which a help text does not need

        return Transport(self.connection.management_url, self.connection.tokens, self.connection.is_local)

    def get(self, path: str, **query: str) -> Resource:
        """Return the resource at `path` below the workspace; raise NotFoundError with a suggestion."""
        try:
            return self._get(path, query)
        except NotFoundError as error:
            raise NotFoundError(error.message, hint=suggestions(path, self._names)) from None

    def find(self, path: str) -> Resource | None:
        """Return the resource at `path`, or None."""
        try:
            return self._get(path, {})
        except NotFoundError:
            return None

    def list(self, path: str, **query: str) -> Iterator[Resource]:
        """Yield all items of a list, page after page."""
        return items_of(lambda url: self._send("GET", url).json(), self._url(path, query))

    def put(self, path: str, body: Mapping[str, Any], *, wait: bool = True) -> Resource:
        """Create or replace the resource at `path`, and by default wait until it is ready."""
        answer = self._send("PUT", self._url(path), body)
        resource: Resource = answer.json()
        if not wait or _is_ready(resource):
            return resource
        return self.get(path) if self._wait(answer) else resource

    def post(self, path: str, body: Any = None, *, wait: bool = False) -> Any:
        """Start an action and return its answer. With `wait`, wait until the action is done."""
        answer = self._send("POST", self._url(path), {} if body is None else body)
        if wait:
            self._wait(answer)
        return answer.json()

    def delete(self, path: str, *, wait: bool = True) -> None:
        """Delete the resource at `path`, and by default wait until it is deleted."""
        answer = self._send("DELETE", self._url(path))
        if wait:
            self._wait(answer)

    def run_details(self, job: str) -> dict[str, Any]:
        """Return status and log files of a job, from run history."""
        base = self.connection.management_url
        url = f"{base}/history/v1.0{self.connection.workspace_id}/runs/{job}/details?api-version=v1.0"
        details: dict[str, Any] = self._send("GET", url).json()
        return details

    def _get(self, path: str, query: Mapping[str, str]) -> Resource:
        resource: Resource = self._send("GET", self._url(path, query)).json()
        return resource

    def _names(self, collection: str) -> Iterator[str]:
        return (item["name"] for item in self.list(collection))

    def _send(self, method: str, url: str, content: Any = None) -> "Answer":
        return self.transport.send(method, url, audience=MANAGEMENT_AUDIENCE, content=content)

    def _url(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """Return the URL of a path below the workspace; raise UsageError if a name in it is empty or `..`."""
        from urllib.parse import quote, urlencode

        if path and any(not part.strip(".") for part in path.split("/")):
            raise UsageError(f"{path!r} is not the path of a resource", hint="A name in it is empty, '.' or '..'")
        options = urlencode({"api-version": API_VERSION} | dict(query or {}))
        tail = f"/{quote(path)}" if path else ""
        return f"{self.connection.management_url}{self.connection.workspace_id}{tail}?{options}"

    def _wait(self, answer: "Answer") -> bool:
        """Wait for the operation that an answer started. Return False if there was nothing to wait for."""
        url = answer.headers.get("Azure-AsyncOperation")
        location = answer.headers.get("Location") if answer.status == 202 else None
        if not url and not location:
            return False
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        while time.monotonic() < deadline:
            state = self._send("GET", url or str(location))
            if _has_ended(state, bool(url)):
                return True
            time.sleep(float(state.headers.get("Retry-After") or 1))
        raise ServiceError("the service did not finish the operation within half an hour")


def _is_ready(resource: Resource) -> bool:
    return (resource.get("properties") or {}).get("provisioningState") == "Succeeded"


def _has_ended(state: "Answer", has_status: bool) -> bool:
    """Return True if an operation has ended. Raise InvalidInputError with the reason if it failed."""
    if not has_status:
        return state.status != 202
    content = state.json() or {}
    if content.get("status") in {"Failed", "Canceled"}:
        error = content.get("error") or {}
        message = str(error.get("message") or "the operation failed")
        raise InvalidInputError(in_files_words(message))
    return content.get("status") == "Succeeded"


MOST_NAMES = 5
_NAMED_BY_PEOPLE = frozenset(
    (
        *("computes", "models", "data", "environments", "versions", "datastores"),
        *("batchEndpoints", "deployments", "schedules", "blobTriggers"),
    )
)
"""Collections whose names people choose. The service names jobs and uploads of code."""


def suggestions(path: str, names: Callable[[str], Iterable[str]]) -> str:
    """Return a hint for a `path` that was not found, such as `models/hart/versions/1`, or an empty text.

    `names` returns the names in a collection, such as `models`. It is called up to the first part that does not exist.
    """
    parts = path.split("/")
    for end in range(1, len(parts), 2):
        collection, name = "/".join(parts[:end]), parts[end]
        if parts[end - 1] not in _NAMED_BY_PEOPLE:
            return ""
        try:
            known = list(names(collection))
        except CliError:  # the user already gets an error that says more
            return ""
        if name.lower() not in map(str.lower, known):
            return " ".join(did_you_mean(name, known)) or _all(known)
    return ""


def _all(known: list[str]) -> str:
    if not known:
        return "There is none yet"
    if len(known) == 1:
        return f"There is only {known[0]!r}"
    more = f" and {len(known) - MOST_NAMES:,} more" if len(known) > MOST_NAMES else ""
    return f"There are {', '.join(map(repr, known[:MOST_NAMES]))}{more}"


def items_of(get: Callable[[str], dict[str, Any]], url: str) -> Iterator[dict[str, Any]]:
    """Yield all items of the list that starts at `url`. Print warnings of the service on stderr."""
    while url:
        page = get(url)
        yield from page["value"]
        for warning in page.get("warnings") or []:
            click.echo(f"warning: {warning.get('message')}", err=True)
        url = page.get("nextLink") or ""
