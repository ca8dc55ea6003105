"""Why computes do not have the nodes that they should have: jobs that wait for them tell it."""

from collections.abc import Callable
from datetime import UTC, datetime

from azure.data.tables import TableServiceClient
from pydantic import BaseModel

from shared.storage.rows import RowTable

_PARTITION = "compute"


class ScalingProblem(BaseModel):
    """What the platform refused at the last try: a quota, a scale set that is not there, an outage.

    Table `scalingproblems`, partition `compute`, row = the compute's name.
    """

    message: str
    since: datetime


class ScalingProblems:
    """The problems of all computes."""

    def __init__(self, tables: TableServiceClient, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """`clock` says since when there is a problem."""
        self._rows = RowTable(tables, "scalingproblems", ScalingProblem)
        self._clock = clock

    def of(self, compute: str) -> ScalingProblem | None:
        """The problem of a compute now."""
        row = self._rows.find(_PARTITION, compute.lower())
        return row.document if row else None

    def note(self, compute: str, message: str) -> None:
        """A compute could not be scaled; what is said of it may change while it lasts."""
        known = self.of(compute)
        if known is None or known.message != message:
            problem = ScalingProblem(message=message, since=known.since if known else self._clock())
            self._rows.put(_PARTITION, compute.lower(), problem)

    def clear(self, compute: str) -> None:
        """A compute could be scaled, or is gone."""
        if self.of(compute) is not None:
            self._rows.delete(_PARTITION, compute.lower())
