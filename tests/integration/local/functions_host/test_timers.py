import itertools
import json
from datetime import UTC, datetime

import pytest

pytestmark = pytest.mark.integration


def _status(folder, function: str, **moments: str) -> None:
    timers = folder / "data" / "timers"
    timers.mkdir(parents=True, exist_ok=True)
    (timers / f"{function}.json").write_text(json.dumps(moments))


@pytest.fixture(scope="module")
def timers(start_host, tmp_path_factory):
    folder = tmp_path_factory.mktemp("timers")
    last, due = "2020-01-01T00:00:00+00:00", "2021-01-01T00:00:00+00:00"
    _status(folder, "missed", Last=last, Next=due, LastUpdated=last)
    _status(folder, "changed", Last=last, Next="2020-06-01T00:00:00+00:00", LastUpdated=last)
    _status(folder, "unwatched", Last=last, Next=due, LastUpdated=last)
    return start_host("timers", folder=folder, EVERY="* * * * * *")


def test_timer_runs_by_its_schedule_again_after_a_failure(timers):
    calls = timers.wait_for_calls("each_second", 3)
    assert not any(call["past_due"] for call in calls)


def test_setting_in_the_schedule_is_resolved_and_durable_client_given(timers):
    assert timers.wait_for_calls("each_second", 1)[0]["hub"] == 0


def test_schedule_below_a_minute_has_no_status(timers):
    assert timers.wait_for_calls("each_second", 1)[0]["status"] == {}
    assert not (timers.folder / "data" / "timers" / "each_second.json").exists()


def test_runs_of_one_timer_never_overlap(timers):
    calls = timers.wait_for_calls("slower_than_its_schedule", 3)
    assert all(earlier["ended"] <= later["started"] for earlier, later in itertools.pairwise(calls))


def test_run_on_startup_runs_at_once(timers):
    assert timers.wait_for_calls("at_start", 1)[0]["past_due"] is False


def test_missed_run_is_made_up_for_once_and_is_past_due(timers):
    (call,) = timers.wait_for_calls("missed", 1)
    assert call["past_due"] is True
    assert call["status"]["Next"].startswith("2021-01-01T00:00:00")


def test_run_is_noted_with_its_next_due_date(timers, until):
    timers.wait_for_calls("missed", 1)
    file = timers.folder / "data" / "timers" / "missed.json"
    status = until(lambda: found if (found := json.loads(file.read_text()))["Last"] > "2021" else None)
    now = datetime.now(UTC)
    assert datetime.fromisoformat(status["Next"]) == datetime(now.year + 1, 1, 1, tzinfo=UTC)


def test_changed_schedule_alone_is_no_missed_run(timers, until):
    file = timers.folder / "data" / "timers" / "changed.json"
    until(lambda: json.loads(file.read_text())["Next"] > datetime.now(UTC).isoformat())
    timers.wait_for_calls("each_second", 2)
    assert timers.calls("changed") == []


def test_timer_without_monitor_makes_up_for_nothing(timers):
    timers.wait_for_calls("each_second", 2)
    assert timers.calls("unwatched") == []


def test_timer_function_can_be_run_by_hand(timers):
    assert timers.run_by_hand("unwatched").status == 202
    assert timers.wait_for_calls("unwatched", 1)[0]["status"] == {}
