import pytest

from local.processes.supervised import BackOff

pytestmark = pytest.mark.unit


def test_delays_double_up_to_the_longest():
    back_off = BackOff(first=1, longest=5, steady=60)
    assert [back_off.delay_after(0.1) for _ in range(5)] == [1, 2, 4, 5, 5]


def test_a_steady_run_begins_anew():
    back_off = BackOff(first=1, longest=5, steady=60)
    back_off.delay_after(0.1)
    back_off.delay_after(0.1)
    assert back_off.delay_after(60) == 1
    assert back_off.delay_after(0.1) == 2


def test_reset_begins_anew():
    back_off = BackOff(first=1, longest=5, steady=60)
    back_off.delay_after(0.1)
    back_off.reset()
    assert back_off.delay_after(0.1) == 1
