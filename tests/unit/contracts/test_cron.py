from datetime import UTC, datetime

import pytest

from shared.control_plane.automation.schedules import Cron
from shared.errors import ValidationError

pytestmark = pytest.mark.unit


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "zone", "last", "following"),
    [
        ("0 6 * * *", "UTC", "2026-11-21T06:00:00", "2026-11-22T06:00:00"),
        ("0 6 * * mon-fri", "UTC", "2026-11-20T06:00:00", "2026-11-23T06:00:00"),
        ("*/10 * * * * *", "UTC", "2026-11-22T04:59:50", "2026-11-22T05:00:10"),
        ("0 6 * * *", "Europe/Berlin", "2026-11-21T05:00:00", "2026-11-23T05:00:00"),
        ("0 0 13 * 5", "UTC", "2026-11-13T00:00:00", "2027-08-13T00:00:00"),
    ],
)
def test_an_expression_says_when_it_was_due_and_will_be(expression: str, zone: str, last: str, following: str) -> None:
    cron, now = Cron.of(expression, zone, "trigger"), moment("2026-11-22T05:00:00")
    assert (cron.last_before(now), cron.next_after(now)) == (moment(last), moment(following))


@pytest.mark.parametrize(
    ("expression", "zone", "member"),
    [
        ("every day", "UTC", "expression"),
        ("0 6 * *", "UTC", "expression"),
        ("99 6 * * *", "UTC", "expression"),
        ("0 6 L * *", "UTC", "expression"),
        ("0 0 30 2 *", "UTC", "expression"),
        ("*/90 * * * *", "UTC", "expression"),
        ("0 0 1-31/99999999999999 * *", "UTC", "expression"),
        ("0 */24 * * *", "UTC", "expression"),
        ("0" * 5_000 + " * * * *", "UTC", "expression"),
        ("1," * 20_000 + "1 * * * *", "UTC", "expression"),
        ("0 6 * * *", "Atlantis/Capital", "timeZone"),
        ("0 6 * * *", "../secret", "timeZone"),
    ],
)
def test_what_is_never_due_is_refused_by_member(expression: str, zone: str, member: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Cron.of(expression, zone, "trigger")
    assert caught.value.target == f"trigger.{member}"
