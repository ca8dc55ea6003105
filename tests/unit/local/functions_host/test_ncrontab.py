from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from local.functions_host.app.errors import AppSettingError
from local.functions_host.app.functions import Binding
from local.functions_host.app.settings import AppSettings
from local.functions_host.app.triggers import NCrontab, timer_schedule

pytestmark = pytest.mark.unit

START = datetime(2026, 11, 22, 10, 30, 15, tzinfo=UTC)  # a Sunday


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("*/10 * * * * *", "2026-11-22T10:30:20"),
        ("0 */5 * * * *", "2026-11-22T10:35:00"),
        ("*/5 * * * *", "2026-11-22T10:35:00"),
        ("0 0 3 * * *", "2026-11-23T03:00:00"),
        ("0 0 9 * * 1-5", "2026-11-23T09:00:00"),
        ("0 0 9 * * Mon", "2026-11-23T09:00:00"),
        ("0 0 0 1 Jan,Jul *", "2027-01-01T00:00:00"),
        ("0 5/20 * * * *", "2026-11-22T10:45:00"),
    ],
)
def test_next_occurrence(expression, due):
    assert NCrontab(expression, UTC).next_after(START) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_day_and_day_of_week_must_both_fit():
    # the 13th that is a Friday
    assert NCrontab("0 0 0 13 * 5", UTC).next_after(START) == datetime(2027, 8, 13, tzinfo=UTC)


def test_schedule_is_in_the_zone_of_the_app():
    zone = ZoneInfo("Europe/Berlin")
    assert NCrontab("0 0 3 * * *", zone).next_after(START) == datetime(2026, 11, 23, 2, tzinfo=UTC)


def test_sub_minute_schedules_are_known():
    assert NCrontab("*/10 * * * * *", UTC).is_sub_minute(START)
    assert not NCrontab("0 * * * * *", UTC).is_sub_minute(START)


@pytest.mark.parametrize(
    "expression",
    ["* * * *", "60 * * * * *", "0 0 0 0 * *", "0 0 0 * 13 *", "0 0 0 * * 7", "0 0 0 L * *", "0 0 0 * * 5#2",
     "0 */0 * * * *", "@daily", "0 0 0 ? * *", "0 0 R * * *", "1- * * * * *"],
)  # fmt: skip
def test_what_ncrontab_does_not_know_is_refused(expression):
    with pytest.raises(ValueError, match="schedule"):
        NCrontab(expression, UTC)


def test_time_zone_setting_must_be_known():
    timer = Binding("t", "timerTrigger", "IN", {"schedule": "0 0 3 * * *"})
    with pytest.raises(AppSettingError, match="WEBSITE_TIME_ZONE"):
        timer_schedule(timer, AppSettings({"WEBSITE_TIME_ZONE": "Nowhere/Town"}))
