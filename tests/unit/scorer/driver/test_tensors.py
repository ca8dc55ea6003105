import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = [
    pytest.mark.unit,
    pytest.mark.filterwarnings("ignore"),  # MLflow warns of itself when it is imported
]

from mlflow.types import Schema, TensorSpec  # noqa: E402 (below the mark that its warnings need)

from scorer_container.driver.tables.model_input import ModelInput  # noqa: E402 (as above)
from scorer_container.driver.values.failures import CastError  # noqa: E402 (as above)


def tensor(dtype: str, *shape: int, name: str | None = None) -> Schema:
    return Schema([TensorSpec(np.dtype(dtype), shape, name)])


FOUR = "a,b,c,d\n0.512,0.95,0.144,1\n0.312,0.423,0.828,2\n"
ROWS = [[0.512, 0.95, 0.144, 1.0], [0.312, 0.423, 0.828, 2.0]]


def parquet(**columns) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table(columns), content)
    return content.getvalue()


def lines(*records) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.fixture
def read(tmp_path):
    def read(name: str, content: str | bytes, schema: Schema):
        path = tmp_path / "local"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return ModelInput(schema).read(str(path), name)

    return read


@pytest.mark.parametrize("shape", [(-1, 4), (2, 4), (-1, -1), (-1, 2, 2), (-1, 4, 1), (-1, 1, 2, 2)])
def test_columns_stand_side_by_side_in_every_row(read, shape):
    array = read("a.csv", FOUR, tensor("float64", *shape))
    assert array.shape == (2, *(4 if size == -1 else size for size in shape[1:]))
    assert array.reshape(2, 4).tolist() == ROWS


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((-1, 3), r"the table has 2 rows of 4 values, which is not the shape \(-1, 3\).*give 3 columns, or one"),
        ((-1, 8), "rows of 4 values"),
        ((-1, 2), "rows of 4 values"),
        ((-1, 1), "rows of 4 values"),
        ((-1,), "rows of 4 values"),
        ((4, 4), "the table has 2 rows"),
        ((1, 4), "the table has 2 rows"),
        ((4, 2), "the table has 2 rows"),
        ((-1, 2, -1), "rows of 4 values"),
        ((), "rows of 4 values"),
    ],
)
@pytest.mark.parametrize("name", [None, "X"])
def test_another_number_of_columns_or_rows_is_refused(read, shape, message, name):
    with pytest.raises(CastError, match=message):
        read("a.csv", FOUR, tensor("float64", *shape, name=name))


def test_a_table_for_the_one_named_tensor_is_that_tensor(read):
    arrays = read("a.csv", "a,b\n1,2\n3,4\n", tensor("float32", -1, 2, name="X"))
    assert (list(arrays), arrays["X"].dtype, arrays["X"].tolist()) == (["X"], np.dtype("float32"), [[1, 2], [3, 4]])
    assert read("a.csv", "a\n1\n2\n", tensor("int64", -1, 1, name="X"))["X"].tolist() == [[1], [2]]
    assert read("a.csv", "X,more\n1,x\n2,y\n", tensor("int64", -1, name="X"))["X"].tolist() == [1, 2]


LISTS = {
    "json lines": ("a.jsonl", lines({"v": [1, 2, 3, 4]}, {"v": [5, 6, 7, 8.0]})),
    "records": ("a.json", json.dumps([{"v": [1, 2, 3, 4]}, {"v": [5, 6, 7, 8]}])),
    "split": ("a.json", json.dumps({"columns": ["v"], "data": [[[1, 2, 3, 4]], [[5, 6, 7, 8]]]})),
    "parquet": ("a.parquet", parquet(v=[[1, 2, 3, 4], [5, 6, 7, 8]])),
    "fixed": ("a.parquet", parquet(v=pa.array([[1, 2, 3, 4], [5, 6, 7, 8]], pa.list_(pa.float32(), 4)))),
    "nested": ("a.parquet", parquet(v=[[[1, 2], [3, 4]], [[5, 6], [7, 8]]])),
    "nested json": ("a.jsonl", lines({"v": [[1, 2], [3, 4]]}, {"v": [[5, 6], [7, 8]]})),
}


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("name", [None, "v"])
@pytest.mark.parametrize("dtype", ["float64", "uint8"])
def test_a_list_in_a_column_is_a_row_of_the_tensor(read, kind, name, dtype):
    shape = (-1, 2, 2) if "nested" in kind else (-1, 4)
    array = read(*LISTS[kind], tensor(dtype, *shape, name=name))
    array = array if name is None else array[name]
    assert (array.dtype, array.shape) == (np.dtype(dtype), (2, *shape[1:]))
    assert array.reshape(2, 4).tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_lists_fill_higher_ranks_and_free_sizes_in_order(read):
    flat = LISTS["json lines"]
    assert read(*flat, tensor("int64", -1, 2, 2)).tolist() == [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]
    assert read(*flat, tensor("int64", -1, -1)).shape == (2, 4)
    assert read(*LISTS["nested"], tensor("int64", -1, -1, 2)).shape == (2, 2, 2)


@pytest.mark.parametrize(
    ("records", "shape", "message"),
    [
        ([[1, 2], [1, 2, 3]], (-1, 2), "column 'v', row 1: 3 values, and row 0 has 2"),
        ([[1, 2], None], (-1, 2), "column 'v', row 1: None is no list"),
        ([[1, 2], 3], (-1, 2), "column 'v', row 1: 3 is no list"),
        ([[1, [2]], [1, 2]], (-1, 2), "column 'v', row 0: "),
        ([[[1], [2, 3]]], (-1, 3), "column 'v', row 0: lists of different lengths"),
        ([[1, 2, 3], [4, 5, 6]], (-1, 2), "lists of column 'v' has 2 rows of 3 values"),
        ([[[1, 2], [3, 4]]], (-1, 4), "1 rows of 2 x 2 values"),
        ([[1, 2], [3, None]], (-1, 2), "column 'v', row 1: a missing value"),
        ([[1, 2], [3, "x"]], (-1, 2), "column 'v', row 1: 'x'"),
        ([[1, 2], [3, 4.5]], (-1, 2), "column 'v', row 1: 4.5"),
    ],
)
def test_lists_that_do_not_fit_are_refused_by_row(read, records, shape, message):
    with pytest.raises(CastError, match=message):
        read("a.jsonl", lines(*({"v": record} for record in records)), tensor("int64", *shape, name="v"))


def test_named_tensors_take_their_columns(read):
    schema = Schema(
        [
            TensorSpec(np.dtype("float32"), (-1, 2), "v"),
            TensorSpec(np.dtype("int64"), (-1,), "n"),
            TensorSpec(np.dtype("str"), (-1, 1), "s"),
        ]
    )
    arrays = read("a.jsonl", lines({"s": "x", "v": [0.1, 2], "more": 0, "n": 2**53 + 1}), schema)
    assert list(arrays) == ["v", "n", "s"]
    assert (arrays["v"].dtype, arrays["v"].tolist()) == (np.dtype("float32"), [[float(np.float32(0.1)), 2.0]])
    assert (arrays["n"].dtype, arrays["n"].tolist()) == (np.dtype("int64"), [2**53 + 1])
    assert arrays["s"].tolist() == [["x"]]
    with pytest.raises(CastError, match="lacks columns for the tensors 'v', 's' of the model's signature; it has 'n'"):
        read("a.csv", "n\n1\n", schema)


EXACT = [
    ("uint64", [0, 2**64 - 1]),
    ("int64", [-(2**63), 2**63 - 1]),
    ("int8", [-128, 127]),
    ("uint8", [0, 255]),
    ("float64", [0.1, 5e-324, 1.7976931348623157e308, -0.0, 1e23, 2.0**53]),
    ("float32", [float(np.float32(0.1)), 16777216]),
    ("float16", [0.5, 65504.0]),
    ("bool", [True, False]),
    ("str", ["007", "NA", "x,y", " z "]),
]


@pytest.mark.parametrize(("dtype", "values"), EXACT)
@pytest.mark.parametrize("container", ["csv", "jsonl", "parquet"])
def test_values_arrive_as_they_are_from_every_container(read, dtype, values, container):
    content = {
        "csv": lambda: pd.DataFrame({"a": values}).astype(dtype if dtype != "str" else object).to_csv(index=False),
        "jsonl": lambda: lines(*({"a": value} for value in values)),
        "parquet": lambda: parquet(a=np.array(values, dtype) if dtype != "str" else values),
    }[container]()
    array = read(f"a.{container}", content, tensor(dtype, -1))
    assert array.dtype.kind == np.dtype(dtype).kind
    assert [repr(value) for value in array.tolist()] == [repr(np.array([v], dtype).tolist()[0]) for v in values]


CHANGING = [
    ("uint8", 300),
    ("uint8", -1),
    ("uint64", -1),
    ("uint64", 2**64),
    ("int64", 2**63),
    ("int8", 128),
    ("int32", 1.5),
    ("int64", None),
    ("int64", "x"),
    ("int64", "1_000"),
    ("bool", 2),
    ("bool", None),
    ("bool", "perhaps"),
    ("float32", 1e300),
    ("float16", 70000),
    ("float32", 16777217),
    ("float64", 2**53 + 1),
    ("float64", 10**400),
    ("float64", "x"),
    ("float64", "1_000"),
    ("str", None),
    ("datetime64[ns]", 20210131),
    ("datetime64[ns]", "2021-02-31"),
    ("datetime64[s]", "2021-01-31T10:30:00.5"),
]
_NO_COLUMN_OF_PARQUET = (20210131, "x", "perhaps", "1_000", 2**63, 2**64, 10**400)
"""Such a column has one type, and whole numbers have 64 bits."""


@pytest.mark.parametrize(
    ("container", "dtype", "value"),
    [
        (container, dtype, value)
        for container in ("csv", "jsonl", "parquet")
        for dtype, value in CHANGING
        if container != "parquet" or value not in _NO_COLUMN_OF_PARQUET
    ],
)
def test_a_value_that_would_change_is_refused_by_column_and_row(read, container, dtype, value):
    """After a value that fits, as a neighbour must not hide it."""
    first = "x" if dtype == "str" else "2021-01-31" if dtype.startswith("datetime") else 1
    content = {
        "csv": lambda: f"a,b\n{first},1\n{'' if value is None else value},1\n",
        "jsonl": lambda: lines({"a": first, "b": 1}, {"a": value, "b": 1}),
        "parquet": lambda: parquet(
            a=[type(value)(first) if value is not None and first == 1 else first, value], b=[1, 1]
        ),
    }[container]()
    schema = Schema([TensorSpec(np.dtype(dtype), (-1,), "a"), TensorSpec(np.dtype("int8"), (-1,), "b")])
    with pytest.raises(CastError, match="column 'a', row 1: "):
        read(f"a.{container}", content, schema)


def test_missing_numbers_are_nan_where_the_type_has_it(read):
    for name, content in (
        ("a.csv", "a,b\n1,0\n,0\n"),
        ("a.jsonl", lines({"a": 1, "b": 0}, {"b": 0})),
        ("a.parquet", parquet(a=[1, None], b=[0, 0])),
    ):
        array = read(name, content, tensor("float32", -1, 2))
        assert np.array_equal(array, np.array([[1, 0], [np.nan, 0]], "float32"), equal_nan=True)


def test_moments_are_the_instants_of_their_texts_and_types(read):
    texts = ["2021-01-31", "2021-01-31T10:30:00+02:00", "2021-01-31 10:30:00.5"]
    expected = ["2021-01-31T00:00:00.000", "2021-01-31T08:30:00.000", "2021-01-31T10:30:00.500", "NaT"]
    instants = pa.array(np.array(expected, "datetime64[ms]"), pa.timestamp("ms", "Europe/Berlin"))
    for name, content in (
        ("a.csv", "\n".join(["a", *texts, "NA", ""])),
        ("a.jsonl", lines(*({"a": text} for text in [*texts, None]))),
        ("a.parquet", parquet(a=instants)),
    ):
        array = read(name, content, tensor("datetime64[ms]", -1))
        assert (array.dtype, array.astype(str).tolist()) == (np.dtype("datetime64[ms]"), expected), name
