from datetime import UTC, datetime

import pytest

from local.functions_host.app.triggers import NCrontab

pytestmark = pytest.mark.unit

START = datetime(2026, 11, 22, 10, 30, 15, tzinfo=UTC)  # a Sunday


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("*/10 * * * * *", "2026-11-22T10:30:20"),
        ("30 * * * * *", "2026-11-22T10:30:30"),
        ("0 */5 * * * *", "2026-11-22T10:35:00"),
        ("0 0 3 * * *", "2026-11-23T03:00:00"),
        ("0 0 9 * * 1", "2026-11-23T09:00:00"),
    ],
)
def test_next_occurrence(expression, due):
    assert NCrontab(expression).next_after(START) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_day_and_day_of_week_must_both_fit():
    # the 13th that is a Friday
    assert NCrontab("0 0 0 13 * 5").next_after(START) == datetime(2027, 8, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    "expression",
    ["* * * *", "*/5 * * * *", "60 * * * * *", "0 0 0 0 * *", "0 0 0 * 13 *", "0 0 0 * * 7", "0 0 0 L * *",
     "0 0 0 * * 1-5", "0 0 0 1 Jan,Jul *", "0 5/20 * * * *", "0 */0 * * * *", "@daily", "0 0 0 ? * *",
     "0 0 0 30 2 *", "00:05:00"],
)  # fmt: skip
def test_any_other_schedule_is_refused_by_name(expression):
    with pytest.raises(ValueError, match="schedule") as error:
        NCrontab(expression)
    assert expression in str(error.value)
