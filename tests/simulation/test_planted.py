"""The simulation finds faults that are planted on purpose, and tells them from sound code by the same events."""

import pytest

from tests.simulation.planted import PLANTED
from tests.simulation.runs import replay, run_seed

pytestmark = pytest.mark.simulation

SEEDS = 300


@pytest.mark.parametrize("fault", PLANTED, ids=lambda fault: fault.__name__)
def test_a_planted_fault_is_found_and_its_recording_replays(fault):
    found = next((outcome for seed in range(SEEDS) if (outcome := run_seed(seed, fault)).wrong), None)
    assert found is not None, f"{SEEDS} seeds do not find it"
    print(f"seed {found.seed} finds it: {found.wrong[0]}")
    assert replay(found.events, fault).wrong == found.wrong
    assert replay(found.events).wrong == [], "sound code fails by these events, too"
