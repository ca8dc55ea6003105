"""The records of JSON files and of JSON lines."""

import numpy
import pandas as pd
import pytest

pytestmark = [
    pytest.mark.unit,
    pytest.mark.filterwarnings("ignore"),  # MLflow warns of itself when it is imported
]

from mlflow.types import ColSpec, Schema, TensorSpec  # noqa: E402 (below the mark that its warnings need)
from mlflow.types.schema import AnyType, Array, DataType, Object, Property  # noqa: E402 (as above)

from scorer_container.driver.tables.model_input import ModelInput  # noqa: E402 (as above)
from scorer_container.driver.values.failures import CastError, TableError  # noqa: E402 (as above)

X = Schema([ColSpec("long", "x")])


@pytest.fixture
def read(tmp_path):
    def read(name: str, content: str | bytes, schema: Schema | None = X) -> pd.DataFrame:
        path = tmp_path / "local"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return ModelInput(schema).read(str(path), name)

    return read


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", '\n{"x": 1}\n\n{bad\n', "line 4 is no JSON: .*column 2"),
        ("a.jsonl", '{"x": 1}\n\n[1]\n', "line 3 is no JSON object"),
        ("a.jsonl", '{"x": 1}\n{"x": 1, "y": {"z": 1, "z": 2}}\n', "line 2: 'z' is there twice"),
        ("a.jsonl", b'{"x": 1}\n{"x": "\xe9"}\n', "line 2 is no UTF-8"),
        ("a.json", '[{"x": 1},\n {"x": }]', "line 2 column 8"),
        ("a.json", '[{"x": 1, "x": 2}]', "'x' is there twice"),
        ("a.json", '{"columns": ["x"], "data": [[1], [2, 3]]}', "row 1 .* has 2 values for 1 columns"),
        ("a.json", '{"columns": ["x", "y"], "data": [[1, 2], [3]]}', "row 1 .* has 1 values for 2 columns"),
        ("a.json", '{"x": 1}', "other forms need a scoring script"),
        ("a.json", '{"input_data": {"x": [1]}}', "other forms need a scoring script"),
        ("a.json", '{"input_data": "x"}', "other forms need a scoring script"),
        ("a.json", '{"input_data": [{"x": 1}, [2]]}', "record 1 is no JSON object"),
        ("a.json", '{"input_data": [{"x": 1}], "params": {"t": 1}}', "has 'params' beside 'input_data'"),
        ("a.json", '{"dataframe_records": [{"x": 1}], "params": {}}', "has 'params' beside 'dataframe_records'"),
        ("a.json", '{"dataframe_split": {}, "dataframe_records": []}', "has 'dataframe_records' beside"),
    ],
)
@pytest.mark.parametrize("schema", [X, None])
def test_a_fault_of_the_file_is_named_by_its_own_line_or_row(read, name, content, message, schema):
    with pytest.raises(TableError, match=message):
        read(name, content, schema)


def test_two_columns_of_one_name_are_refused_where_the_signature_asks_for_it(read):
    with pytest.raises(CastError, match="two columns 'x'"):
        read("a.json", '{"columns": ["x", "x"], "data": [[1, 2]]}')
    by_position = Schema([ColSpec("long"), ColSpec("long")])
    with pytest.raises(CastError, match="two columns 'more'"):
        read("a.json", '{"columns": ["x", "y", "more", "more"], "data": [[1, 2, 3, 4]]}', by_position)


@pytest.mark.parametrize(
    "content",
    [
        '{"columns": ["x"], "data": [[1], [2]]}',
        '{"dataframe_split": {"columns": ["x"], "data": [[1], [2]]}}',
        '{"dataframe_records": [{"x": 1}, {"x": 2}]}',
        '{"data": [{"x": 1}, {"x": 2}]}',
        '{"input_data": {"columns": ["x"], "index": [7, 3], "data": [[1], [2]]}}',
        '{"input_data": [{"x": 1}, {"x": 2}]}',
        '[{"x": 1}, {"x": 2, "more": [1, {"a": 1.50}]}]',
    ],
)
def test_every_form_of_json_gives_the_same_table(read, content):
    assert read("a.json", "\ufeff" + content)["x"].tolist() == [1, 2]


def test_rows_without_names_are_a_table_for_signatures_without_names(read):
    unnamed = Schema([ColSpec("long"), ColSpec("double")])
    tensor = Schema([TensorSpec(numpy.dtype("float64"), (-1, 2))])
    for content in ('{"input_data": [[1, 2], [3, 4]]}', '{"data": [[1, 2], [3, 4]]}'):
        assert read("a.json", content, unnamed).to_numpy().tolist() == [[1, 2], [3, 4]]
        assert read("a.json", content, tensor).tolist() == [[1, 2], [3, 4]]


def test_a_member_that_a_record_lacks_is_missing(read):
    frame = read("a.jsonl", '{}\n{"x": 1}\n', Schema([ColSpec("double", "x")]))
    assert [pd.isna(value) for value in frame["x"]] == [True, False]
    assert len(read("a.jsonl", "{}\n{}\n", None)) == 2
    assert len(read("a.json", '{"dataframe_records": []}')) == 0


def test_lists_and_objects_reach_the_model_with_numbers_in_them(read):
    schema = Schema([ColSpec(Array(DataType.double), "v"), ColSpec(Object([Property("a", DataType.long)]), "o")])
    frame = read("a.jsonl", f'{{"v": [1.5, 2.0], "o": {{"a": {2**53 + 1}}}}}\n', schema)
    assert (frame["v"].tolist(), frame["o"].tolist()) == ([[1.5, 2.0]], [{"a": 2**53 + 1}])
    anything = Schema([ColSpec(AnyType(), "v", required=False), ColSpec("binary", "b")])
    frame = read("a.jsonl", '{"v": 1.50, "b": 2}\n{"v": [1.50], "b": 2.5}\n', anything)
    assert (frame["v"].tolist(), frame["b"].tolist()) == ([1.5, [1.5]], [2, 2.5])
    with pytest.raises(CastError, match="1e400 cannot be float64"):
        read("a.jsonl", '{"v": [1e400], "o": {}}\n', schema)
    with pytest.raises(TableError, match="1e400 is too large"):
        read("a.jsonl", '{"v": [1e400], "b": 1}\n', anything)
