"""What all processes of a job have agreed on for the whole output: one set of columns."""

from typing import Any, Callable, Dict, List, Optional

from ..values.failures import ResultError

Names = Optional[List[str]]
Proposal = Dict[str, Any]
"""`columns`, and `types` where the format has them."""


class Agreement:
    """Asks the node once for each job."""

    def __init__(self, propose: Callable[[Proposal], Proposal]) -> None:
        """`propose` tells the node what a first result has and returns what the job's results have."""
        self._propose = propose
        self._job = ""
        self._agreed: Optional[Proposal] = None

    def of(self, job: str, proposal: Proposal) -> Proposal:
        """What the job's results have: `proposal` when no other came first."""
        if self._job != job:
            self._job, self._agreed = job, None
        if self._agreed is None:
            self._agreed = self._propose(proposal)
        return self._agreed


def same_columns(names: Names, agreed: Names) -> None:
    """Raise ResultError unless both have the same columns, in whatever order."""
    if names == agreed:
        return
    if names is None or agreed is None or set(names) != set(agreed):
        raise ResultError("the result has {}, the job's other results have {}".format(_shown(names), _shown(agreed)))


def _shown(names: Names) -> str:
    return "no named columns" if names is None else "the columns {}".format(", ".join(names))
