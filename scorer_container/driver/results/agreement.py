"""The one set of columns that all processes of a job agree on for the whole output."""

from typing import Any, Callable, Dict, List, Optional

from ..values.failures import ResultError

Names = Optional[List[str]]
Proposal = Dict[str, Any]
"""`columns`, and `types` if the format has types."""


class Agreement:
    """Asks the node once for each job and keeps its answer."""

    def __init__(self, propose: Callable[[Proposal], Proposal]) -> None:
        """`propose` sends a first result's columns to the node and returns the job's columns."""
        self._propose = propose
        self._job = ""
        self._agreed: Optional[Proposal] = None

    def of(self, job: str, proposal: Proposal) -> Proposal:
        """Return the job's columns: `proposal`, unless another result came first."""
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
