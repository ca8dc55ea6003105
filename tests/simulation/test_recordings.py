"""Events that once led to a failure: the code of today comes through them."""

from pathlib import Path

import pytest

from tests.simulation.__main__ import recording
from tests.simulation.runs import replay

pytestmark = pytest.mark.simulation

RECORDINGS = sorted(Path(__file__).with_name("recordings").glob("*.json"))


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_recorded_failure_does_not_come_back(path):
    assert replay(recording(path)).wrong == []
