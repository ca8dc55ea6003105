import itertools

import pytest

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def timers(start_host):
    return start_host("timers", EVERY="*/1 * * * * *")


def test_timer_runs_by_its_schedule_again_after_a_failure(timers):
    calls = timers.wait_for_calls("each_second", 3)
    assert not any(call["past_due"] for call in calls)


def test_setting_in_the_schedule_is_resolved_and_durable_client_given(timers):
    assert timers.wait_for_calls("each_second", 1)[0]["known"] is False


def test_timer_knows_of_no_earlier_run(timers):
    assert timers.wait_for_calls("each_second", 1)[0]["status"] == {}


def test_runs_of_one_timer_never_overlap(timers):
    calls = timers.wait_for_calls("slower_than_its_schedule", 3)
    assert all(earlier["ended"] <= later["started"] for earlier, later in itertools.pairwise(calls))
