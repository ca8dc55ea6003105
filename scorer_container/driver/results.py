"""What `run()` may return, brought into one shape."""

from typing import Any, List, Optional, Sequence

from .failures import ResultError
from .values import column_values

_ACCEPTED = "a list, a tuple, a pandas DataFrame or Series, a numpy array, or an iterator of results"


class Rows:
    """The rows of one result: columns with their names, columns without, or plain elements."""

    def __init__(self, count: int, succeeded: int) -> None:
        self.count = count
        """Rows of the output."""
        self.succeeded = succeeded
        """Results that count as succeeded items, not yet capped at the number of files."""
        self.frame: Any = None
        """A DataFrame, with named columns."""
        self.table: Any = None
        """A numpy array of two dimensions: columns without names."""
        self.elements: Sequence[Any] = ()
        """One for each row when there is neither `frame` nor `table`."""

    @property
    def columns(self) -> Optional[List[str]]:
        """The names of the columns; None when the rows have no names."""
        return None if self.frame is None else [str(name) for name in self.frame.columns]


def of_result(result: Any) -> Rows:
    """The rows of what `run()` returned; raises ResultError for a type that is no collection of results."""
    if is_frame(result):
        return of_frame(result, len(result))
    if _is(result, "pandas", "Series"):
        return _of_elements(column_values(result))
    if _is(result, "numpy", "ndarray"):
        return _of_array(result)
    if isinstance(result, (list, tuple)):
        return _of_elements(result)
    if hasattr(result, "__next__"):
        return _of_elements(list(result))
    raise ResultError("run() returned {}; return {}".format(_type_name(result), _ACCEPTED))


def of_frame(frame: Any, succeeded: int) -> Rows:
    """The rows of a DataFrame."""
    rows = Rows(len(frame), succeeded)
    if not rows.count:
        return rows
    rows.frame = frame
    names = rows.columns or []
    if not names:
        raise ResultError("run() returned a DataFrame of {} rows without columns".format(rows.count))
    if len(set(names)) != len(names):
        raise ResultError("run() returned a DataFrame with columns of the same name: {}".format(", ".join(names)))
    return rows


def is_frame(value: Any) -> bool:
    """Whether `value` is a pandas DataFrame, without importing pandas for it."""
    return _is(value, "pandas", "DataFrame")


def _of_elements(elements: Sequence[Any]) -> Rows:
    if elements and all(is_frame(element) for element in elements):
        import pandas

        return of_frame(pandas.concat(list(elements), ignore_index=True), len(elements))
    rows = Rows(len(elements), len(elements))
    rows.elements = elements
    return rows


def _of_array(array: Any) -> Rows:
    if array.ndim == 0:
        raise ResultError("run() returned a numpy array without dimensions; return {}".format(_ACCEPTED))
    if array.ndim != 2:
        return _of_elements(list(array))
    rows = Rows(len(array), len(array))
    rows.table = array
    return rows


def _is(value: Any, package: str, name: str) -> bool:
    """Whether a class of the value's family is `package`'s `name` (subclasses such as GeoDataFrame count)."""
    return any(base.__name__ == name and base.__module__.partition(".")[0] == package for base in type(value).__mro__)


def _type_name(value: Any) -> str:
    return "None" if value is None else "a value of type {!r}".format(type(value).__name__)
