"""`python -m tests.simulation`: run worlds.

seeds 300                 the worlds of these seeds must all be good; prints how often each disturbance happened
seed 17 [--keep FILE]     one world; prints what was wrong, keeps its events
replay FILE [--trace]     a recording instead of a seed
shrink FILE               leave out of a recording what it does not need
"""

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

from tests.simulation.chance import Events
from tests.simulation.runs import CROWDED, Outcome, replay, run_all, run_seed, shrunk

RARE = 30
"""A disturbance that 300 worlds saw less often than this was not tried."""
ALWAYS_RARE = ("watch: heal", "job ends", "watch: fail", "watch: cancel")


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("command", choices=["seeds", "seed", "replay", "shrink"])
    parser.add_argument("value")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--keep", type=Path, help="where to keep the events")
    parser.add_argument("--trace", action="store_true", help="print all calls of storage")
    parser.add_argument("--processes", type=int, default=None)
    options = parser.parse_args(arguments)
    if options.command == "seeds":
        return not run_seeds(options.first, int(options.value), options.processes)
    if options.command == "seed":
        outcome = run_seed(int(options.value))
    elif options.command == "replay":
        outcome = replay(recording(Path(options.value)), trace=print if options.trace else None)
    else:
        events = shrunk(recording(Path(options.value)))
        keep(events, options.keep or Path(options.value))
        outcome = replay(events)
    if options.keep and options.command == "seed":
        keep(outcome.events, options.keep)
    print(*(outcome.wrong or ["good"]), sep="\n")
    return bool(outcome.wrong)


def run_seeds(first: int, count: int, processes: int | None) -> bool:
    """Run many worlds and print what they saw; return whether all were good."""
    began, happened, bad = time.perf_counter(), Counter[str](), 0
    slowest: Outcome | None = None
    for outcome in run_all(range(first, first + count), processes=processes):
        happened += outcome.happened
        if slowest is None or outcome.share_of_bound > slowest.share_of_bound:
            slowest = outcome
        if outcome.wrong:
            bad += 1
            print(f"seed {outcome.seed}:", *outcome.wrong[:4], sep="\n  ", flush=True)
    assert slowest is not None
    print(*report(happened, count), sep="\n")
    print(f"the bound of the world with seed {slowest.seed}, in seconds:")
    print(*(f"{seconds:9.1f} {what}" for what, seconds in slowest.bound.items()), sep="\n")
    print(f"it was the slowest: its jobs ended after {slowest.ended_at:.0f} s, {slowest.share_of_bound:.0%} of that")
    seconds = time.perf_counter() - began
    print(f"{count} worlds in {seconds:.0f} s, {count / seconds:.1f} a second; {bad} of them went wrong")
    return not bad


def report(happened: Counter[str], count: int) -> list[str]:
    """Return lines that say how often each thing happened."""
    rare = set(too_rare(happened, count))
    return [f"{times:9,} {what}{'   TOO RARE' if what in rare else ''}" for what, times in sorted(happened.items())]


def too_rare(happened: Counter[str], count: int) -> list[str]:
    """Return what `count` worlds saw too seldom."""
    least = RARE * count / 300
    found = [what for what, times in happened.items() if times < least and not what.startswith(ALWAYS_RARE)]
    return found + ([CROWDED] if happened[CROWDED] < count / 3 else [])


def recording(path: Path) -> Events:
    """Return the events in a file."""
    return [tuple(event) for event in json.loads(path.read_text())]


def keep(events: Events, path: Path) -> None:
    """Write events to a file, one on each line."""
    path.write_text("[\n" + ",\n".join(json.dumps(event) for event in events) + "\n]\n")


if __name__ == "__main__":
    sys.exit(main())
