"""A storage account with a hook before each request: it can kill the caller, or let others act at that moment."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from shared.storage.account import StorageAccount
from shared.storage.refusals import PATIENCE

Hook = Callable[[Any], None]
"""It gets the request: `method`, `url`."""


class KilledError(BaseException):
    """The process ends here: nothing catches this, as nothing catches a kill."""


@dataclass(frozen=True, eq=False)
class HookedAccount(StorageAccount):
    """The account of a connection string. It calls `before` with each request."""

    before: Hook = field(default=lambda _: None)

    @cached_property
    def blobs(self) -> BlobServiceClient:
        return BlobServiceClient.from_connection_string(self.connection_string, transport=self._transport, **PATIENCE)

    @cached_property
    def queues(self) -> QueueServiceClient:
        return QueueServiceClient.from_connection_string(self.connection_string, transport=self._transport)

    @cached_property
    def tables(self) -> TableServiceClient:
        return TableServiceClient.from_connection_string(self.connection_string, transport=self._transport)

    @property
    def _transport(self) -> RequestsTransport:
        return _HookedTransport(self.before)


class _HookedTransport(RequestsTransport):  # type: ignore[misc]  # the SDK exports it without its type
    def __init__(self, before: Hook) -> None:
        super().__init__()
        self._before = before

    def send(self, request: Any, **options: Any) -> Any:
        self._before(request)
        return super().send(request, **options)


def killed_at_write(number: int) -> Hook:
    """Return a hook that kills the caller before its write `number`, counted from 0."""
    writes = 0

    def before(request: Any) -> None:
        nonlocal writes
        if request.method not in {"GET", "HEAD"}:
            if writes == number:
                raise KilledError
            writes += 1

    return before


def once_at(matches: Callable[[Any], bool], act: Callable[[], None]) -> Hook:
    """Return a hook that calls `act` before the first request that `matches`."""
    done = False

    def before(request: Any) -> None:
        nonlocal done
        if not done and matches(request):
            done = True
            act()

    return before
