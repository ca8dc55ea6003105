"""One set of columns for the whole output of a job."""

from typing import Callable, List, Optional, cast

from .failures import ResultError
from .results import Rows

Names = Optional[List[str]]
_UNKNOWN = object()


class OutputColumns:
    """The columns that all processes of a job have agreed on."""

    def __init__(self, propose: Callable[[Names], Names]) -> None:
        """`propose` tells the node the columns of a first result and returns those that the job has."""
        self._propose = propose
        self._job = ""
        self._agreed: object = _UNKNOWN

    def conform(self, rows: Rows, job: str) -> None:
        """Bring `rows` into the job's order of columns; raises ResultError when they have other columns."""
        if not rows.count:
            return
        if self._job != job:
            self._job, self._agreed = job, _UNKNOWN
        if self._agreed is _UNKNOWN:
            self._agreed = self._propose(rows.columns)
        agreed = cast(Names, self._agreed)
        names = rows.columns
        if names == agreed:
            return
        if names is None or agreed is None or set(names) != set(agreed):
            raise ResultError(
                "the result has {}, the job's other results have {}".format(_shown(names), _shown(agreed))
            )
        rows.frame = rows.frame.iloc[:, [names.index(name) for name in agreed]]


def _shown(names: Names) -> str:
    return "no named columns" if names is None else "the columns {}".format(", ".join(names))
