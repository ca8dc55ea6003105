"""Three hundred worlds, each of another seed: whatever befalls them, every job ends rightly and nothing is left."""

from collections import Counter

import pytest

from tests.simulation.__main__ import report, too_rare
from tests.simulation.chance import Choices
from tests.simulation.runs import Outcome, replay, run, run_all

pytestmark = pytest.mark.simulation

SEEDS = 300


def test_every_world_comes_to_a_right_end_and_every_disturbance_was_tried():
    happened, failures, slowest = Counter(), list[Outcome](), None
    for outcome in run_all(range(SEEDS)):
        happened += outcome.happened
        failures += [outcome] if outcome.wrong else []
        slowest = max(slowest or outcome, outcome, key=lambda one: one.share_of_bound)
    print(*report(happened, SEEDS), sep="\n")
    print(f"the slowest world took {slowest.share_of_bound:.0%} of its bound, which is, in seconds: {slowest.bound}")
    shown = "\n".join(f"seed {one.seed}: {'; '.join(one.wrong[:3])}" for one in failures)
    assert not failures, f"{shown}\nreplay: python -m tests.simulation seed {failures[0].seed} --keep FILE"
    assert not too_rare(happened, SEEDS), "these disturbances were hardly tried; draw them more often"


@pytest.mark.parametrize("seed", [1, 5, 12])
def test_a_recording_replays_exactly_without_its_seed(seed):
    first = run(Choices(seed))
    again = replay(first.events)
    assert (again.wrong, again.ended_at, again.happened) == (first.wrong, first.ended_at, first.happened)
    assert again.events == []
