"""The signatures of webhook requests, as Standard Webhooks describes them (standardwebhooks.com).

The secret of a receiver is made from a key of the workspace and the receiver's URL, so that none is sent in with an
invocation, stored with a job or shown with one, and no receiver can sign in the name of the workspace to another.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

from azure.data.tables import TableServiceClient
from pydantic import BaseModel, Field

from shared.contracts.resources import NotificationSetting
from shared.errors import ConflictError
from shared.outbound.urls import check_outbound_url
from shared.settings import Settings
from shared.storage.rows import RowTable

PREFIX = "whsec_"
_PARTITION, _ROW = "webhooks", "signing-key"


class WebhookKey(BaseModel):
    """The workspace's key for webhooks. Table `workspacekeys`, partition `webhooks`, row `signing-key`."""

    key: str = Field(repr=False)


def webhook_secret(tables: TableServiceClient, url: str) -> str:
    """The secret of the receiver at `url`: `whsec_` and base64 of 32 bytes. The key is made with the first one."""
    table = RowTable(tables, "workspacekeys", WebhookKey)
    row = table.find(_PARTITION, _ROW)
    if row is None:
        try:
            row = table.insert(_PARTITION, _ROW, WebhookKey(key=secrets.token_hex(32)))
        except ConflictError:
            row = table.get(_PARTITION, _ROW)
    digest = hmac.new(bytes.fromhex(row.document.key), url.encode(), hashlib.sha256).digest()
    return PREFIX + base64.b64encode(digest).decode()


def signature_headers(secret: str, message_id: str, moment: datetime, body: bytes) -> dict[str, str]:
    """`webhook-id`, `webhook-timestamp` and `webhook-signature` of a request."""
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

    A receiver on the loopback interface serves a workspace that is on it too, and no other.
    """
    check_outbound_url(url, field=field, allow_loopback=settings.is_on_loopback)
