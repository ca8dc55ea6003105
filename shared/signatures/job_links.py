"""Links to the page of a job that open without a sign-in: each carries a ticket that shows one job and nothing else.

Whoever may read a job gets its link from the API. The ticket is `<expiry>.<HMAC-SHA256 of job and expiry>`, signed
with a key of the workspace.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from azure.data.tables import TableServiceClient
from pydantic import BaseModel, Field

from shared.errors import AuthenticationError, ConflictError
from shared.storage.rows import RowTable

LINK_LIFE = timedelta(days=7)
_PARTITION, _ROW = "studio", "link-key"
_MOMENT_DIGITS = 12
"""Of the seconds since 1970, for thousands of years."""


class LinkKey(BaseModel):
    """The workspace's key for links. Table `workspacekeys`, partition `studio`, row `link-key`."""

    key: str = Field(repr=False)


class JobLinks:
    """Makes and checks the links of one workspace."""

    def __init__(
        self,
        public_url: str,
        tables: TableServiceClient,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """The key is made when the first link is."""
        self._public_url = public_url
        self._table = RowTable(tables, "workspacekeys", LinkKey)
        self._clock = clock
        self._key = b""

    def page_url(self, job: str) -> str:
        """The address of a job's page, good for LINK_LIFE."""
        expiry = int((self._clock() + LINK_LIFE).timestamp())
        return f"{self._public_url}/studio/jobs/{job}?ticket={expiry}.{self._signature(job, expiry)}"

    def check(self, job: str, ticket: str) -> None:
        """Raise AuthenticationError unless the ticket shows this job now."""
        expiry, _, signature = ticket.partition(".")
        is_moment = expiry.isascii() and expiry.isdecimal() and len(expiry) <= _MOMENT_DIGITS
        if not (is_moment and self._is_signed(job, int(expiry), signature)):
            raise AuthenticationError(f"This link does not show job {job!r}; get one with `bml job show`")
        if int(expiry) < self._clock().timestamp():
            raise AuthenticationError("This link has expired; get a new one with `bml job show`")

    def _is_signed(self, job: str, expiry: int, signature: str) -> bool:
        return hmac.compare_digest(signature.encode(), self._signature(job, expiry).encode())

    def _signature(self, job: str, expiry: int) -> str:
        return hmac.new(self._signing_key(), f"{job}\n{expiry}".encode(), hashlib.sha256).hexdigest()

    def _signing_key(self) -> bytes:
        if not self._key:
            try:
                row = self._table.insert(_PARTITION, _ROW, LinkKey(key=secrets.token_hex(32)))
            except ConflictError:
                row = self._table.get(_PARTITION, _ROW)
            self._key = row.document.key.encode()
        return self._key
