"""The signatures of the workspace: on requests to webhooks, and on links to job pages.

Webhook requests follow Standard Webhooks (standardwebhooks.com). A receiver's secret is made from a key of the
workspace and the receiver's URL. No secret is sent with an invocation, stored with a job or shown with one, and no
receiver can sign to another one in the name of the workspace.

A link to a job page opens without a sign-in. Its ticket `<expiry>.<HMAC-SHA256 of job and expiry>` shows one job and
nothing else. Whoever may read a job gets its link from the API.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from azure.data.tables import TableServiceClient
from pydantic import BaseModel, Field

from shared.contracts.resources import NotificationSetting
from shared.errors import AuthenticationError
from shared.outbound import check_outbound_url
from shared.settings import Settings
from shared.storage.rows import RowTable

PREFIX = "whsec_"
LINK_LIFE = timedelta(days=7)
_WEBHOOK_KEY = "webhooks", "signing-key"
_LINK_KEY = "studio", "link-key"
_MOMENT_DIGITS = 12
"""Digits of the seconds since 1970: enough for thousands of years."""


class WorkspaceKey(BaseModel):
    """A signing key of the workspace: 32 bytes in hexadecimal digits.

    Table `workspacekeys`: partition `webhooks`, row `signing-key` for webhooks; partition `studio`, row `link-key` for
    links.
    """

    key: str = Field(repr=False)


def _workspace_key(tables: TableServiceClient, place: tuple[str, str]) -> str:
    """Return the key in this partition and row. The first call makes it."""
    table = RowTable(tables, "workspacekeys", WorkspaceKey)
    row = table.update(*place, lambda row: row.document if row else WorkspaceKey(key=secrets.token_hex(32)))
    return row.document.key


def webhook_secret(tables: TableServiceClient, url: str) -> str:
    """Return the secret of the receiver at `url`: `whsec_` and base64 of 32 bytes."""
    key = bytes.fromhex(_workspace_key(tables, _WEBHOOK_KEY))
    digest = hmac.new(key, url.encode(), hashlib.sha256).digest()
    return PREFIX + base64.b64encode(digest).decode()


def signature_headers(secret: str, message_id: str, moment: datetime, body: bytes) -> dict[str, str]:
    """Return `webhook-id`, `webhook-timestamp` and `webhook-signature` of a request."""
    timestamp = str(int(moment.timestamp()))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    digest = hmac.new(base64.b64decode(secret.removeprefix(PREFIX)), signed, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def check_webhooks(settings: Settings, setting: NotificationSetting, field: str) -> None:
    """Raise ValidationError that names the webhook whose URL the service must not call."""
    for name, webhook in setting.webhooks.items():
        check_webhook_url(settings, webhook.url, f"{field}.webhooks.{name}.url")


def check_webhook_url(settings: Settings, url: str, field: str) -> None:
    """Raise ValidationError unless a webhook may have this URL.

    A receiver on the loopback interface is allowed only if the workspace is served there too.
    """
    check_outbound_url(url, field=field, allow_loopback=settings.is_on_loopback)


class JobLinks:
    """Makes and checks the links to the job pages of one workspace."""

    def __init__(
        self,
        public_url: str,
        tables: TableServiceClient,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """The first link reads or makes the key."""
        self._public_url = public_url
        self._tables = tables
        self._clock = clock
        self._key = b""

    def page_url(self, job: str) -> str:
        """Return the address of a job's page, valid for LINK_LIFE."""
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
        self._key = self._key or _workspace_key(self._tables, _LINK_KEY).encode()
        return hmac.new(self._key, f"{job}\n{expiry}".encode(), hashlib.sha256).hexdigest()
