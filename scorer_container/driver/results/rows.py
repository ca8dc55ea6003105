"""All results that `run()` may return, in one shape."""

from typing import Any, List, Optional, Sequence

from ..values.failures import ResultError
from ..values.plain import column_values, utf8
from .column_types import TypesDifferError, type_of_column

RUN = "run()"
_ACCEPTED = "a list, a tuple, a pandas DataFrame or Series, a numpy array, or an iterator of results"


class Rows:
    """The rows of one result: tables of columns, or plain elements."""

    def __init__(self, count: int, succeeded: int, source: str = RUN) -> None:
        self.count = count
        """Rows of the output."""
        self.succeeded = succeeded
        """Results that count as succeeded items, not yet capped at the number of files."""
        self.source = source
        """The function that returned the result."""
        self.names: Optional[List[str]] = None
        """The names of the columns; None when the rows have no names."""
        self.tables: List[List[Any]] = []
        """One table below the other: its columns are pandas Series, numpy arrays or lists, in the order of `names`."""
        self.elements: Sequence[Any] = ()
        """One element for each row, if there are no tables."""
        self.is_column = False
        """True when `elements` were a column of pandas or numpy, in which None is a missing value."""


def of_result(result: Any) -> Rows:
    """Return the rows of a result of `run()`; raise ResultError for a type that is not a collection of results."""
    if is_a(result, "pandas", "DataFrame"):
        return _of_frames([result], len(result))
    if is_a(result, "pandas", "Series"):
        return _of_column(column_values(result))
    if is_a(result, "numpy", "ndarray"):
        return _of_array(result)
    if isinstance(result, (list, tuple)):
        return _of_elements(result)
    if hasattr(result, "__next__"):
        return _of_elements(list(result))
    raise ResultError("run() returned {}; return {}".format(shown_type(result), _ACCEPTED))


def checked_names(names: Sequence[Any], source: str) -> List[str]:
    """Return names of columns as texts; raise ResultError for duplicates and for a name that a file cannot hold."""
    texts = [str(name) for name in names]
    if len(set(texts)) != len(texts):
        raise ResultError("{} returned columns of the same name: {}".format(source, ", ".join(texts)))
    for text in texts:
        utf8(text)
    return texts


def is_a(value: Any, package: str, name: str) -> bool:
    """Return True for an instance of the class `name` of `package`, without importing the package.

    Subclasses such as GeoDataFrame count.
    """
    return any(base.__name__ == name and base.__module__.partition(".")[0] == package for base in type(value).__mro__)


def shown_type(value: Any) -> str:
    """Return the value's type for a message."""
    return "None" if value is None else "a value of type {!r}".format(type(value).__name__)


def _of_frames(frames: Sequence[Any], succeeded: int) -> Rows:
    """Return the rows of all frames, each with the values that it has alone; skip frames without rows."""
    rows = Rows(sum(map(len, frames)), succeeded)
    for number, frame in enumerate(frames):
        if not len(frame):
            continue
        names = checked_names(frame.columns, RUN)
        if not names:
            raise ResultError("run() returned a DataFrame of {} rows without columns".format(len(frame)))
        if rows.names is None:
            rows.names, first = names, number
        if set(names) != set(rows.names):
            told = "DataFrame {} of what run() returned has the columns {}; DataFrame {} has {}"
            raise ResultError(told.format(number, ", ".join(names), first, ", ".join(rows.names)))
        rows.tables.append([frame.iloc[:, names.index(name)] for name in rows.names])
    if len(rows.tables) > 1:
        _check_types(rows, [number for number, frame in enumerate(frames) if len(frame)])
    return rows


def _check_types(rows: Rows, numbers: List[int]) -> None:
    for name, *parts in zip(rows.names or (), *rows.tables):
        try:
            type_of_column(parts)
        except TypesDifferError as error:
            raise ResultError(
                "column {!r} of DataFrame {} of what run() returned holds {}, that of DataFrame {} holds {}; give the "
                "column the same type in each, for instance with frame.astype()".format(
                    name, numbers[error.later], error.later_type, numbers[error.earlier], error.earlier_type
                )
            ) from error


def _of_elements(elements: Sequence[Any]) -> Rows:
    if elements and all(is_a(element, "pandas", "DataFrame") for element in elements):
        return _of_frames(elements, len(elements))
    rows = Rows(len(elements), len(elements))
    rows.elements = elements
    return rows


def _of_column(values: Sequence[Any]) -> Rows:
    rows = Rows(len(values), len(values))
    rows.elements, rows.is_column = values, True
    return rows


def _of_array(array: Any) -> Rows:
    if array.ndim == 0:
        raise ResultError("run() returned a numpy array without dimensions; return {}".format(_ACCEPTED))
    array = as_array(array)
    if array.ndim != 2:
        return _of_column(list(array))
    rows = Rows(len(array), len(array))
    if rows.count and not array.shape[1]:
        raise ResultError("run() returned a numpy array of {} rows without columns".format(rows.count))
    rows.tables = [columns_of(array)]
    return rows


def as_array(value: Any) -> Any:
    """A numpy array of what numpy can take; the masks of arrays stay, a `matrix` becomes a plain array."""
    is_array = is_a(value, "numpy", "ndarray") and not is_a(value, "numpy", "matrix")
    return value if is_array else value.__array__()


def columns_of(array: Any) -> List[Any]:
    """Return the columns of a numpy array of two dimensions."""
    return [array[:, position] for position in range(array.shape[1])]
