import pytest

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
