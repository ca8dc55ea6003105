"""When a timer trigger fires: its expression in the time zone of the app."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from local.functions_host.errors import AppSettingError
from local.functions_host.functions import Binding
from local.functions_host.ncrontab import NCrontab
from local.functions_host.settings import AppSettings

_ZONE_SETTINGS = ("WEBSITE_TIME_ZONE", "TZ")


def timer_schedule(binding: Binding, settings: AppSettings) -> NCrontab:
    """The schedule of a timer trigger, settings in it resolved.

    Raises:
        AppSettingError: a setting is missing, or the time zone is unknown.
        ValueError: the schedule is no NCRONTAB expression or never occurs.
    """
    expression = settings.resolve(binding.text("schedule")).strip()
    if ":" in expression:
        raise ValueError(f"schedule {expression!r} is a time span, which Flex Consumption refuses; use NCRONTAB")
    schedule = NCrontab(expression, _zone(settings))
    schedule.next_after(datetime.now(UTC))
    return schedule


def _zone(settings: AppSettings) -> tzinfo:
    for setting in _ZONE_SETTINGS:
        if name := settings.get(setting):
            try:
                return ZoneInfo(name.removeprefix(":"))
            except (ZoneInfoNotFoundError, ValueError) as error:
                raise AppSettingError(setting, f"is {name!r}; use a name such as Europe/Berlin") from error
    return UTC
