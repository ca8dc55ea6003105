"""Tables as the tensors that a model's signature asks for. A row of the table is one along the first dimension.

The rules are MLflow's own for a DataFrame and a tensor, with the casts of `exact_cast`: columns of numbers stand side
by side, or one column holds a list for each row, in row-major order.
"""

from typing import Any, List, Tuple

from ..values.exact_cast import InexactError, cast_exactly
from ..values.failures import CastError
from ..values.moments import moments

Shape = Tuple[int, ...]


def tensor_input(frame: Any, tensors: List[Any]) -> Any:
    """The table as one array, or as a dictionary of arrays where the signature names its tensors.

    Raises CastError, with column and row, where a value or the number of columns does not fit.
    """
    first = tensors[0]
    if len(tensors) == 1 and (not first.name or first.name not in frame.columns):
        array = _of_table(frame, first)
        return {first.name: array} if first.name else array
    missing = [tensor.name for tensor in tensors if tensor.name not in frame.columns]
    if missing and len(frame):  # JSON lines without a line have no columns
        raise CastError(
            "the table lacks columns for the tensors {} of the model's signature; it has {}".format(
                _listed(missing), _listed(frame.columns)
            )
        )
    return {tensor.name: _of_columns([frame[tensor.name]] if len(frame) else [], tensor) for tensor in tensors}


def _of_table(frame: Any, tensor: Any) -> Any:
    return _of_columns([frame.iloc[:, position] for position in range(frame.shape[1])], tensor)


def _of_columns(columns: List[Any], tensor: Any) -> Any:
    """One column of lists or scalars, or several of scalars, as an array of the tensor's shape and type."""
    import numpy

    shape = tuple(tensor.shape)
    if not columns or not len(columns[0]):
        return numpy.empty([0, *(max(size, 0) for size in shape[1:])], dtype=tensor.type)
    if len(columns) == 1 and _holds_lists(columns[0]):
        return _shaped(_of_lists(columns[0], tensor.type), shape, "the lists of column {!r}".format(columns[0].name))
    arrays = [_of_scalars(column, tensor.type) for column in columns]
    what = "the table" if len(columns) > 1 else "column {!r}".format(columns[0].name)
    return _shaped(numpy.stack(arrays, axis=1), shape, what)


def _shaped(array: Any, shape: Shape, what: str) -> Any:
    """The array in the tensor's shape, with as many rows as before."""
    rows, given = len(array), array.shape[1:]
    if len(shape) == array.ndim and _fits(array.shape, shape):
        return array
    if array.ndim == 2 and shape and shape[0] in (-1, rows) and -1 not in shape[1:] and _size(shape[1:]) == given[0]:
        return array.reshape((rows, *shape[1:]))
    raise CastError(
        "{} has {} rows of {} values, which is not the shape {} of the model's signature{}".format(
            what, rows, " x ".join(map(str, given)), shape, _advice(shape)
        )
    )


def _advice(shape: Shape) -> str:
    if not shape or -1 in shape[1:]:
        return ""
    return ": give {} columns, or one column of lists of as many values".format(_size(shape[1:]))


def _fits(given: Shape, asked: Shape) -> bool:
    return all(size in (-1, actual) for actual, size in zip(given, asked))


def _size(shape: Shape) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


def _of_scalars(column: Any, dtype: Any) -> Any:
    try:
        return _cast(column.to_numpy(dtype=object) if dtype.kind == "O" else _values(column), dtype)
    except InexactError as error:
        raise _at(column, error.position, error) from None


def _cast(values: Any, dtype: Any) -> Any:
    return cast_exactly(moments(values) if dtype.kind == "M" else values, dtype)


def _values(column: Any) -> Any:
    """A column as a numpy array that keeps what pandas' own types hold."""
    if getattr(column.dtype, "tz", None) is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    is_numpys = column.dtype.kind in "biufM" and not hasattr(column.dtype, "na_value")
    return column.to_numpy() if is_numpys else column.to_numpy(dtype=object)


def _holds_lists(column: Any) -> bool:
    return column.dtype.kind == "O" and any(_is_list(value) for value in column)


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or (hasattr(value, "dtype") and getattr(value, "ndim", 0) > 0)


def _of_lists(column: Any, dtype: Any) -> Any:
    """An array (rows, …) of lists that all have one shape."""
    import numpy

    arrays: List[Any] = []
    for row, value in enumerate(column):
        try:
            array = _of_list(value)
        except CastError as error:
            raise _at(column, row, error) from None
        if arrays and array.shape != arrays[0].shape:
            raise _at(column, row, "{} values, and row 0 has {}".format(_extent(array), _extent(arrays[0])))
        arrays.append(array)
    dtypes = {array.dtype for array in arrays}
    common = dtypes.pop() if len(dtypes) == 1 else object
    flat = numpy.concatenate([array.reshape(-1).astype(common) for array in arrays])
    try:
        return _cast(flat, dtype).reshape((len(arrays), *arrays[0].shape))
    except InexactError as error:
        raise _at(column, error.position // max(arrays[0].size, 1), error) from None


def _of_list(value: Any) -> Any:
    """A list of lists of scalars as an array, whose values are still those of the file."""
    import numpy

    if hasattr(value, "dtype") and value.dtype.kind != "O":
        return value
    if not _is_list(value):
        raise CastError("{!r} is no list".format(value))
    if any(_is_list(element) for element in value):
        parts = [_of_list(element) for element in value]
        if len({part.shape for part in parts}) > 1:
            raise CastError("lists of different lengths in one")
        return numpy.stack([part.astype(object) for part in parts])
    return _plain(value, numpy)


def _plain(values: Any, numpy: Any) -> Any:
    """Scalars as an array of the one type that all have, else of objects: numpy would make floats of both kinds."""
    kinds = set(map(type, values))
    if len(kinds) == 1 and kinds <= {int, float, bool}:
        try:
            return numpy.array(values, dtype="int64" if kinds == {int} else None)
        except OverflowError:
            pass
    array = numpy.empty(len(values), dtype=object)
    array[:] = values
    return array


def _extent(array: Any) -> str:
    return " x ".join(map(str, array.shape))


def _at(column: Any, row: int, reason: Any) -> CastError:
    return CastError("column {!r}, row {}: {}".format(column.name, row, reason))


def _listed(names: Any) -> str:
    return ", ".join(map(repr, names))
