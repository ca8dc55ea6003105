"""Tensors made by Hypothesis, and the files that hold them: columns side by side, or lists in a column."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st
from mlflow.types import Schema, TensorSpec

from tests.unit.scorer.values.generated_tables import MOMENTS, TEXTS, floats
from tests.unit.scorer.values.written_tables import csv_text

_TYPES: dict[str, st.SearchStrategy[Any]] = {
    "float64": floats(64) | st.none(),
    "float32": floats(32) | st.none(),
    "float16": floats(16) | st.none(),
    "bool": st.booleans(),
    "datetime64[us]": MOMENTS | st.none(),
    "str": TEXTS.filter(lambda text: text != "" and "\0" not in text),
    **{
        name: st.sampled_from([int(np.iinfo(name).min), int(np.iinfo(name).max)])
        | st.integers(int(np.iinfo(name).min), int(np.iinfo(name).max))
        for name in ("int8", "uint8", "int32", "int64", "uint64")
    },
}
_ROW_SHAPES = [(), (1,), (2,), (4,), (2, 2), (1, 3)]


@dataclass(frozen=True)
class Tensor:
    """Rows of one shape, each with its values in row-major order."""

    name: str | None
    dtype: str
    shape: tuple[int, ...]
    """Of a row."""
    rows: list[list[Any]]


@dataclass(frozen=True)
class Tensors:
    """What one signature asks for."""

    all: list[Tensor]

    @property
    def rows(self) -> int:
        return len(self.all[0].rows)


@st.composite
def tensors(draw: st.DrawFn) -> Tensors:
    """One tensor without a name, or up to three with names, of 0 to 3 rows."""
    names = draw(st.sampled_from([[None], ["v"], ["v", "a b"], ["v", "w", "x"]]))
    rows = draw(st.integers(0, 3))
    made = []
    for name in names:
        dtype, shape = draw(st.sampled_from(sorted(_TYPES))), draw(st.sampled_from(_ROW_SHAPES))
        row = st.lists(_TYPES[dtype], min_size=_size(shape), max_size=_size(shape))
        made.append(Tensor(name, dtype, shape, draw(st.lists(row, min_size=rows, max_size=rows))))
    return Tensors(made)


def schema_of(tensors: Tensors) -> Schema:
    """The signature, with any number of rows."""
    return Schema([TensorSpec(np.dtype(t.dtype), (-1, *t.shape), t.name) for t in tensors.all])


def arrays_of(tensors: Tensors) -> Any:
    """The generated values as MLflow takes them in process: an array, or a dictionary of arrays."""
    arrays = {t.name: np.array(t.rows, dtype=t.dtype).reshape(len(t.rows), *t.shape) for t in tensors.all}
    return arrays if tensors.all[0].name else arrays[None]


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=int))


def _side_by_side(tensors: Tensors) -> dict[str, list[Any]] | None:
    """Columns of single values; None where several tensors need lists."""
    if len(tensors.all) == 1:
        tensor = tensors.all[0]
        return {f"c{place}": [row[place] for row in tensor.rows] for place in range(_size(tensor.shape))}
    if any(_size(tensor.shape) != 1 for tensor in tensors.all):
        return None
    return {str(tensor.name): [row[0] for row in tensor.rows] for tensor in tensors.all}


def _cells(tensor: Tensor, random: Random) -> list[Any]:
    """A list for each row, in lists of its own where the row has two dimensions; a single value may stand alone."""
    if _size(tensor.shape) == 1 and len(tensor.shape) < 2 and (not tensor.shape or random.choice([True, False])):
        return [row[0] for row in tensor.rows]
    if len(tensor.shape) == 2 and random.choice([True, False]):
        width = tensor.shape[1]
        return [[row[start : start + width] for start in range(0, len(row), width)] for row in tensor.rows]
    return tensor.rows


def _columns(tensors: Tensors, random: Random) -> dict[str, list[Any]]:
    plain = _side_by_side(tensors)
    if plain is not None and random.choice([True, False]):
        return plain
    return {tensor.name or "any name": _cells(tensor, random) for tensor in tensors.all}


def _csv(tensors: Tensors, random: Random) -> bytes | None:
    columns = _side_by_side(tensors)
    return None if columns is None else csv_text(columns, random)


def _json_lines(tensors: Tensors, random: Random) -> bytes:
    columns = _columns(tensors, random)
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return "".join(json.dumps(row, default=str) + "\n" for row in rows).encode()


def _split(tensors: Tensors, random: Random) -> bytes:
    columns = _columns(tensors, random)
    return json.dumps(
        {"columns": list(columns), "data": list(zip(*columns.values(), strict=True))}, default=str
    ).encode()


def _parquet(tensors: Tensors, random: Random) -> bytes:
    kinds = {tensor.name: tensor.dtype for tensor in tensors.all}
    only = tensors.all[0].dtype
    columns = {
        name: pa.array(values, _nested(values, kinds.get(name, only)))
        for name, values in _columns(tensors, random).items()
    }
    content = io.BytesIO()
    pq.write_table(pa.table(columns), content)
    return content.getvalue()


_ARROW_TYPES = {"str": pa.string(), "bool": pa.bool_(), "float16": pa.float32(), "datetime64[us]": pa.timestamp("us")}


def _nested(values: list[Any], dtype: str) -> Any:
    kind = _ARROW_TYPES.get(dtype) or getattr(pa, dtype)()
    value = values[0] if values else None
    while isinstance(value, list):
        kind, value = pa.list_(kind), value[0]
    return kind


FILES: dict[str, Callable[[Tensors, Random], bytes | None]] = {
    "a.csv": _csv,
    "a.jsonl": _json_lines,
    "split.json": _split,
    "a.parquet": _parquet,
}
