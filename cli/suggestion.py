"""What was probably meant by a name that is not there."""

from collections.abc import Iterable
from difflib import get_close_matches

MOST = 3
_LIKENESS = 0.7
_TELLING = 3
"""Letters from which on a part of a name tells which is meant."""


def did_you_mean(name: str, names: Iterable[str]) -> list[str]:
    """One sentence with the names that are like `name`, or none."""
    by_small, small = {known.lower(): known for known in names}, name.lower()
    longer = [known for known in by_small if len(small) >= _TELLING and small in known]
    near = list(dict.fromkeys([*get_close_matches(small, by_small, MOST, _LIKENESS), *longer]))[:MOST]
    return [f"Did you mean {' or '.join(repr(by_small[known]) for known in near)}?"] if near else []
