import pytest

from local.functions_host.app.functions import RetryPolicy, retry_delay
from local.functions_host.listeners.queue_listener import RandomizedBackoff

pytestmark = pytest.mark.unit


def test_pause_doubles_by_chance_from_100_ms_to_the_maximum():
    backoff = RandomizedBackoff(maximum=2.0)
    pauses = [backoff.next() for _ in range(8)]
    for position, pause in enumerate(pauses):
        assert 0.08 * 2**position <= pause <= 0.12 * 2**position or pause == 2.0
    assert pauses[-1] == 2.0


def test_message_brings_the_shortest_pause_back():
    backoff = RandomizedBackoff(maximum=2.0)
    for _ in range(8):
        backoff.next()
    backoff.reset()
    assert backoff.next() <= 0.12


def test_long_idle_queue_stays_at_the_maximum():
    backoff = RandomizedBackoff(maximum=60.0)
    assert [backoff.next() for _ in range(2_000)][-1] == 60.0


def test_fixed_retry_delay_stays_and_exponential_grows_to_its_maximum():
    fixed = RetryPolicy(3, 5.0, 5.0, exponential=False)
    assert [retry_delay(fixed, attempt) for attempt in range(3)] == [5.0, 5.0, 5.0]
    growing = RetryPolicy(-1, 1.0, 30.0, exponential=True)
    delays = [retry_delay(growing, attempt) for attempt in range(12)]
    assert all(1.0 <= delay <= 30.0 for delay in delays)
    assert delays[-1] == 30.0
