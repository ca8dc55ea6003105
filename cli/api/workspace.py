"""The management API of one workspace: resources by path, long-running operations, lists in pages."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import click

from cli.api.transport import Answer, Transport
from cli.connection.connection import Connection
from cli.connection.token import MANAGEMENT_AUDIENCE
from cli.output.errors import CliError, InvalidInputError, NotFoundError, ServiceError, did_you_mean
from cli.output.field_names import in_files_words

API_VERSION = "2023-10-01"
LONGEST_WAIT_SECONDS = 1800.0

Resource = dict[str, Any]
"""An ARM resource: id, name, type, properties."""


@dataclass(frozen=True)
class Workspace:
    """A workspace that commands work in."""

    connection: Connection

    @cached_property
    def transport(self) -> Transport:
        """HTTP as the caller."""
        return Transport(self.connection.management_url, self.connection.tokens, self.connection.is_local)

    def get(self, path: str, **query: str) -> Resource:
        """The resource at `path` below the workspace; raises NotFoundError, with the name that was probably meant."""
        try:
            return self._get(path, query)
        except NotFoundError as error:
            raise NotFoundError(error.message, hint=suggestions(path, self._names)) from None

    def find(self, path: str) -> Resource | None:
        """The resource at `path`, or None."""
        try:
            return self._get(path, {})
        except NotFoundError:
            return None

    def list(self, path: str, **query: str) -> Iterator[Resource]:
        """All items of a list, page after page."""
        return items_of(lambda url: self._send("GET", url).json(), self._url(path, query))

    def put(self, path: str, body: Mapping[str, Any], *, wait: bool = True) -> Resource:
        """Create or replace the resource at `path`; by default waits until it is ready."""
        answer = self._send("PUT", self._url(path), body)
        resource: Resource = answer.json()
        if not wait or _is_ready(resource):
            return resource
        return self.get(path) if self._wait(answer) else resource

    def post(self, path: str, body: Any = None, *, wait: bool = False) -> Any:
        """The answer to an action; with `wait`, after it has been carried out."""
        answer = self._send("POST", self._url(path), {} if body is None else body)
        if wait:
            self._wait(answer)
        return answer.json()

    def delete(self, path: str, *, wait: bool = True) -> None:
        """Delete the resource at `path`; by default waits until it is gone."""
        answer = self._send("DELETE", self._url(path))
        if wait:
            self._wait(answer)

    def run_details(self, job: str) -> dict[str, Any]:
        """Status and log files of a job, from run history."""
        base = self.connection.management_url
        url = f"{base}/history/v1.0{self.connection.workspace_id}/runs/{job}/details?api-version=v1.0"
        details: dict[str, Any] = self._send("GET", url).json()
        return details

    def _get(self, path: str, query: Mapping[str, str]) -> Resource:
        resource: Resource = self._send("GET", self._url(path, query)).json()
        return resource

    def _names(self, collection: str) -> Iterator[str]:
        return (item["name"] for item in self.list(collection))

    def _send(self, method: str, url: str, content: Any = None) -> Answer:
        return self.transport.send(method, url, audience=MANAGEMENT_AUDIENCE, content=content)

    def _url(self, path: str, query: Mapping[str, str] | None = None) -> str:
        from urllib.parse import quote, urlencode

        options = urlencode({"api-version": API_VERSION} | dict(query or {}))
        tail = f"/{quote(path)}" if path else ""
        return f"{self.connection.management_url}{self.connection.workspace_id}{tail}?{options}"

    def _wait(self, answer: Answer) -> bool:
        """Follow the operation that an answer began; False when it had already ended."""
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
        raise ServiceError("the service has not finished the operation within half an hour")


def _is_ready(resource: Resource) -> bool:
    return (resource.get("properties") or {}).get("provisioningState") == "Succeeded"


def _has_ended(state: Answer, has_status: bool) -> bool:
    """Whether an operation is over; raises InvalidInputError with the reason when it failed."""
    if not has_status:
        return state.status != 202
    content = state.json() or {}
    if content.get("status") in {"Failed", "Canceled"}:
        error = content.get("error") or {}
        message = str(error.get("message") or "the service could not carry out the operation")
        raise InvalidInputError(in_files_words(message))
    return content.get("status") == "Succeeded"


MOST_NAMES = 5
_NAMED_BY_PEOPLE = frozenset(
    (
        *("computes", "models", "data", "environments", "versions", "datastores"),
        *("batchEndpoints", "deployments", "schedules", "blobTriggers"),
    )
)
"""Collections that are worth a look; jobs and uploads of code are named by the service."""


def suggestions(path: str, names: Callable[[str], Iterable[str]]) -> str:
    """What to do about a `path` that was not found, such as `models/hart/versions/1`; empty when nothing helps.

    `names` gives the names in a collection, such as `models`. It is asked for the first part that is not there.
    """
    parts = path.split("/")
    for end in range(1, len(parts), 2):
        collection, name = "/".join(parts[:end]), parts[end]
        if parts[end - 1] not in _NAMED_BY_PEOPLE:
            return ""
        try:
            known = list(names(collection))
        except CliError:  # the first error says more
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
    """All items of the list that begins at `url`; what the service cannot show of it is told on stderr."""
    while url:
        page = get(url)
        yield from page["value"]
        for warning in page.get("warnings") or []:
            click.echo(f"warning: {warning.get('message')}", err=True)
        url = page.get("nextLink") or ""
