"""Webhooks as they are taken in: their addresses must be such that the service may call them."""

from shared.contracts.resources import NotificationSetting
from shared.security.outbound_urls import check_outbound_url
from shared.settings import Settings


def check_webhooks(settings: Settings, setting: NotificationSetting, field: str) -> None:
    """Raise ValidationError that names the webhook whose URL the service must not call."""
    for name, webhook in setting.webhooks.items():
        check_webhook_url(settings, webhook.url, f"{field}.webhooks.{name}.url")


def check_webhook_url(settings: Settings, url: str, field: str) -> None:
    """Raise ValidationError unless a webhook may have this URL.

    A receiver on the loopback interface serves a workspace that is on it too, and no other.
    """
    check_outbound_url(url, field=field, allow_loopback=settings.is_on_loopback)
