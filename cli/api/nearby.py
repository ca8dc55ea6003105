"""How to go on when a resource was not found: the names that there are."""

from collections.abc import Callable, Iterable

from cli.errors import CliError
from cli.suggestion import did_you_mean

MOST_NAMES = 5
_NAMED_BY_PEOPLE = frozenset(
    (
        *("computes", "models", "data", "environments", "versions", "datastores"),
        *("batchEndpoints", "deployments", "schedules", "blobTriggers"),
    )
)
"""Collections that are worth a look; jobs and uploads of code are named by the service."""


def nearby(path: str, names: Callable[[str], Iterable[str]]) -> str:
    """What to do about a `path` that was not found, such as `models/hart/versions/1`; empty when nothing helps.

    `names` gives the names in a collection, such as `models`. It is asked for the first part that is not there.
    """
    parts = path.split("/")
    for end in range(1, len(parts), 2):
        collection, name = "/".join(parts[:end]), parts[end]
        if parts[end - 1] not in _NAMED_BY_PEOPLE:
            return ""
        try:
            known = list(names(collection))
        except CliError:  # the first error says more
            return ""
        if name.lower() not in map(str.lower, known):
            return " ".join(did_you_mean(name, known)) or _all(known)
    return ""


def _all(known: list[str]) -> str:
    if not known:
        return "There is none yet"
    if len(known) == 1:
        return f"There is only {known[0]!r}"
    more = f" and {len(known) - MOST_NAMES:,} more" if len(known) > MOST_NAMES else ""
    return f"There are {', '.join(map(repr, known[:MOST_NAMES]))}{more}"
