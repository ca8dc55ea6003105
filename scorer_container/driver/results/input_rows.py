"""The rows of a model's input file, and the mapping of its predictions back to them."""

from typing import Any, List, Optional, Sequence

from ..values.failures import ResultError
from .rows import is_a

PREDICT = "the model's predict()"
_REMEDY = "return one for each row, in their order, or a DataFrame or Series that keeps the index of the input"


def count_rows(data: Any) -> int:
    """Return the number of rows of a DataFrame, of an array, or of each array in a dictionary."""
    return len(next(iter(data.values())) if isinstance(data, dict) else data)


class InputRows:
    """The rows of one input as they were before the model could change it in place."""

    def __init__(self, data: Any, count: Optional[int] = None) -> None:
        """`data` is a DataFrame, an array, or a dictionary of arrays, with at least one row.

        `count` tells the rows of an array whose first dimension is something else, such as the height of an image.
        A DataFrame's default index is replaced by an equal one that is no `RangeIndex`, so that what the model
        selects of it can be told from a new DataFrame.
        """
        import pandas

        self.count = count_rows(data) if count is None else count
        """Rows of the input."""
        self._index = pandas.RangeIndex(self.count)
        if is_a(data, "pandas", "DataFrame"):
            if isinstance(data.index, pandas.RangeIndex):
                data.index = pandas.Index(data.index.to_numpy(), name=data.index.name)
            self._index = data.index

    def in_order(self, count: int) -> Sequence[int]:
        """Return the row numbers of `count` predictions without an index; raise ResultError."""
        if count != self.count:
            raise ResultError("{} returned {}; {}".format(PREDICT, self._shown(count), _REMEDY))
        return range(count)

    def of_index(self, index: Any) -> Sequence[int]:
        """Return the row number for each label of a result's index; raise ResultError.

        Labels of the input lead to their rows. Another index of the right length counts by position.
        """
        if not len(index) or not self._is_of_input(index) or index.equals(self._index):
            return self.in_order(len(index))
        if not (index.is_unique and self._index.is_unique):
            raise ResultError(
                "{} returned {} with an index that repeats rows of the input; {}".format(
                    PREDICT, self._shown(len(index)), _REMEDY
                )
            )
        if len(index) < self.count and _is_new(index):
            return self.in_order(len(index))
        numbers: List[int] = self._index.get_indexer(index).tolist()
        return numbers

    def _is_of_input(self, index: Any) -> bool:
        if list(index.names) != list(self._index.names):
            return False
        if not self._index.is_unique:
            return bool(index.isin(self._index).all())
        return bool((self._index.get_indexer(index) >= 0).all())  # `isin()` takes True for 1

    def _shown(self, count: int) -> str:
        rows = "the input's only row" if self.count == 1 else "the {} rows of the input".format(self.count)
        return "{} prediction{} for {}".format(count or "no", "" if count == 1 else "s", rows)


def _is_new(index: Any) -> bool:
    """Return True for the index of a new DataFrame: 0, 1, 2, … as a range."""
    return type(index).__name__ == "RangeIndex" and (not len(index) or index[0] == 0) and index[-1] == len(index) - 1
