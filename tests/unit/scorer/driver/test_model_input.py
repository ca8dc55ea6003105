import io

import numpy as np
import pandas as pd
import pytest

pytestmark = [
    pytest.mark.unit,
    pytest.mark.filterwarnings("ignore"),  # MLflow warns of itself when it is imported
]

from mlflow.types import ColSpec, Schema, TensorSpec  # noqa: E402 (below the mark that its warnings need)

from scorer_container.driver.tables.model_input import ModelInput, UnsupportedFileError  # noqa: E402 (as above)
from scorer_container.driver.values.failures import TableError  # noqa: E402 (as above)


def read(tmp_path, name: str, content: bytes | str, schema: Schema | None = None):
    path = tmp_path / "local"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return ModelInput(schema).read(str(path), name)


EVERY_TYPE = Schema(
    [
        ColSpec("string", "code"),
        ColSpec("integer", "n"),
        ColSpec("long", "big"),
        ColSpec("float", "f"),
        ColSpec("double", "d"),
        ColSpec("boolean", "b"),
        ColSpec("datetime", "t"),
    ]
)
TYPES = ["int32", "int64", "float32", "float64", "bool"]


def test_csv_columns_get_the_types_of_the_signature(tmp_path):
    frame = read(tmp_path, "a.csv", "code,n,big,f,d,b,t,more\n007,1,2,0.5,3,true,2026-01-02,x\n", EVERY_TYPE)
    assert frame["code"].iloc[0] == "007"
    assert [str(frame[name].dtype) for name in ("n", "big", "f", "d", "b")] == TYPES
    assert frame["t"].dtype.kind == "M"
    assert frame["more"].iloc[0] == "x"


def test_parquet_and_json_get_the_same_casts_as_csv(tmp_path):
    frame = pd.DataFrame(
        {"code": [7], "n": [1.0], "big": np.array([2], "int8"), "f": [0.5], "d": [3], "b": [1], "t": ["2026-01-02"]}
    )
    parquet = io.BytesIO()
    frame.to_parquet(parquet)
    for name, content in (
        ("a.PARQUET", parquet.getvalue()),
        ("a.json", frame.to_json(orient="split", index=False)),
        ("a.Jsonl", frame.to_json(orient="records", lines=True)),
    ):
        cast = read(tmp_path, name, content, EVERY_TYPE)
        assert cast["code"].iloc[0] == "7"
        assert [str(cast[column].dtype) for column in ("n", "big", "f", "d", "b")] == TYPES, name


def test_without_a_signature_a_table_is_read_as_it_is(tmp_path):
    frame = read(tmp_path, "a.csv", "\ufeffx,y\n1,b\n")
    assert frame.to_dict("list") == {"x": [1], "y": ["b"]}


def test_a_tensor_signature_makes_an_array_of_a_table(tmp_path):
    schema = Schema([TensorSpec(np.dtype("float32"), (-1, 2))])
    array = read(tmp_path, "a.csv", "x,y\n1,2\n3,4\n", schema)
    assert (array.dtype, array.tolist()) == (np.dtype("float32"), [[1, 2], [3, 4]])


@pytest.mark.parametrize("name", ["a.txt", "a.avro", "no-extension", "a.gz"])
def test_other_kinds_of_file_are_refused_by_name(tmp_path, name):
    with pytest.raises(UnsupportedFileError, match=r"cannot be scored without a scoring script; accepted are \.csv"):
        read(tmp_path, name, "x")


@pytest.mark.parametrize(("name", "content"), [("a.json", '{"a": 1}'), ("a.json", "[1]"), ("a.jsonl", "[1]\n")])
def test_json_of_another_shape_is_refused(tmp_path, name, content):
    with pytest.raises(TableError):
        read(tmp_path, name, content)
