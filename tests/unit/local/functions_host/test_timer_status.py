from datetime import UTC, datetime

import pytest

from local.functions_host.app.triggers import NCrontab
from local.functions_host.listeners.timer_listener import TimerStatus, TimerStatusFile

pytestmark = pytest.mark.unit

HOURLY = NCrontab("0 0 * * * *", UTC)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 22, hour, minute, tzinfo=UTC)


@pytest.fixture
def file(tmp_path):
    return TimerStatusFile(tmp_path / "timers" / "f.json")


def test_new_timer_is_not_past_due(file):
    assert file.check(HOURLY, at(10, 30)).next == at(11)


def test_missed_run_is_past_due(file):
    file.write(TimerStatus(at(8), at(9), at(8)))
    assert file.check(HOURLY, at(10, 30)).next == at(9)


def test_timer_that_never_ran_is_past_due_once_its_first_date_is_over(file):
    file.check(HOURLY, at(8, 30))
    assert file.check(HOURLY, at(9, 30)).next == at(9)


def test_changed_schedule_counts_from_now(file):
    file.write(TimerStatus(at(8), at(9), at(8)))
    daily = NCrontab("0 15 8 * * *", UTC)
    assert file.check(daily, at(10, 30)).next == datetime(2026, 11, 23, 8, 15, tzinfo=UTC)


def test_changed_schedule_that_is_still_to_come_is_kept(file):
    file.write(TimerStatus(at(8), at(9), at(8)))
    assert file.check(NCrontab("0 0 11 * * *", UTC), at(10, 30)).next == at(11)


def test_damaged_status_begins_anew(tmp_path):
    (tmp_path / "f.json").write_text("{")
    assert TimerStatusFile(tmp_path / "f.json").check(HOURLY, at(10, 30)).next == at(11)
