"""The rows and columns of CSV files: never moved, lost or made up."""

import gzip
import math
import random

import pandas as pd
import pytest

pytestmark = [
    pytest.mark.unit,
    pytest.mark.filterwarnings("ignore"),  # MLflow warns of itself when it is imported
]

from mlflow.types import ColSpec, Schema  # noqa: E402 (below the mark that its warnings need)

from scorer_container.driver.tables.model_input import ModelInput  # noqa: E402 (as above)
from scorer_container.driver.values.failures import TableError  # noqa: E402 (as above)

AB = Schema([ColSpec("long", "a"), ColSpec("string", "b")])
POSITIONS = Schema([ColSpec("long"), ColSpec("string")])


@pytest.fixture
def read(tmp_path):
    def read(content: str | bytes, schema: Schema | None = AB) -> pd.DataFrame:
        path = tmp_path / "local"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return ModelInput(schema).read(str(path), "a.csv")

    return read


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,x\n3,y\n",
        "a,b\n1,x,\n3,y,\n",
        "a,b\n1,x,\n3,y\n",
        "a,b\n1,x\n3,y,\n",
        "a,b\n1,x,,\n3,y\n",
        "a,b,\n1,x,\n3,y,\n",
        "a,b,\n1,x\n3,y\n",
        "a,b,,\n1,x,,\n3,y,,\n",
        "b,a\nx,1\ny,3\n",
        "\n\na,b\n1,x\n\n3,y\n\n",
        "\ufeffa,b\r\n1,x\r\n3,y\r\n",
        '\ufeff"a","b"\n"1","x"\n"3","y"\n',
        "a,b\r1,x\r3,y\r",
        "more,a,b\n9,1,x\n,3,y\n",
        ",a,b\n0,1,x\n1,3,y\n",
        '"two\nlines",a,b\n9,1,x\n9,3,y\n',
    ],
)
def test_columns_are_found_by_their_names(read, content):
    for written in (content.encode(), gzip.compress(content.encode())):
        frame = read(written)
        assert (frame["a"].tolist(), frame["b"].tolist(), list(frame.index)) == ([1, 3], ["x", "y"], [0, 1])


@pytest.mark.parametrize("content", ["q,w\n1,007\n", "q,q\n1,007\n", "q,w,e\n1,007,9\n", "q,w\n1,007,\n"])
def test_without_names_in_the_signature_positions_count(read, content):
    frame = read(content, POSITIONS)
    assert frame.iloc[0, :2].tolist() == [1, "007"]


@pytest.mark.parametrize("schema", [AB, POSITIONS, None])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,x,y\n", "row 0 .* has 3 instead of 2 fields"),
        ("a,b\n1,x,,y\n", "row 0 .* has 4 instead of 2 fields"),
        ("a,b\n1,x\n2,y,z\n", "row 1 .* has 3 instead of 2 fields"),
        ("a,b\n1,x\n2\n", "row 1 .* has 1 instead of 2 fields"),
        ('a,b\n1,"x"\n2\n', "row 1 .* has 1 instead of 2 fields"),
        ("a,b\n1,\n\n2\n3,z\n", "row 1 .* has 1 instead of 2 fields"),
        ('a,b\n1,"u"\n2,"say \\"hi\\" now"\n', "line 3 is no CSV: .*a quote inside a quoted field is written twice"),
        ('a,b\n1,"x" \n', "line 2 is no CSV"),
        ('a,b\n1,"x\n2,y\n', "line 3 is no CSV"),
        ('"a" ,b\n1,x\n', "line 1 is no CSV"),
        ("a,b\n1,x\x00y\n", "NUL"),
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("a,b\n1,\u00e9\n".encode("latin-1"), "no UTF-8 text"),
        ("a,b\n1,x\n".encode("utf-16"), "no UTF-8 text"),
    ],
)
def test_a_file_whose_rows_do_not_fit_its_header_is_refused(read, content, message, schema):
    with pytest.raises(TableError, match=message):
        read(content, schema)


def test_two_columns_of_one_name_are_refused_where_the_signature_asks_for_it(read):
    with pytest.raises(TableError, match="names two columns 'b'"):
        read("a,b,b\n1,x,y\n")
    assert read("a,b,c,c\n1,x,y,z\n")["b"].tolist() == ["x"]
    pandas_names = Schema([ColSpec("long", "a"), ColSpec("long", "a.1")])
    assert read("a,a\n1,2\n", pandas_names).to_dict("list") == {"a": [1], "a.1": [2]}


def test_names_that_are_numbers_in_the_signature_are_found(read):
    frame = read("0,1\n0.5,2\n", Schema([ColSpec("double", 0), ColSpec("long", 1)]))
    assert frame.to_dict("list") == {0: [0.5], 1: [2]}


@pytest.mark.parametrize("schema", [Schema([ColSpec("string", "a")]), Schema([ColSpec("string")])])
def test_a_blank_line_of_a_file_with_one_column_is_a_row(read, schema):
    values = read("a\n007\n\n010\n", schema)["a"].tolist()
    assert (len(values), values[0], pd.isna(values[1]), values[2]) == (3, "007", True, "010")
    assert math.isnan(read("a\n1\n\n2\n", None)["a"].tolist()[1])


def test_quoted_texts_keep_every_character(read):
    frame = read('a,b\n1," x\r\n""y"", z "\n2,' + "x" * 200_000 + "\n")
    assert frame["b"].tolist() == [' x\r\n"y", z ', "x" * 200_000]


def test_a_quote_in_a_field_without_quotes_is_a_character(read):
    assert read('a,b\n1,5" pipe\n2,""\n3,x"y"\n')["b"].tolist()[::2] == ['5" pipe', 'x"y"']


def test_a_header_without_rows_is_a_table_without_rows(read):
    for content in ("a,b\n", "a,b"):
        assert len(read(content)) == 0


def test_without_a_signature_pandas_guesses(read):
    frame = read("a,b,c,b\n007,NA,x,1.5\n", None)
    assert list(frame.columns) == ["a", "b", "c", "b.1"]
    assert (frame["a"].tolist(), frame["c"].tolist(), frame["b.1"].tolist()) == ([7], ["x"], [1.5])


def test_a_column_without_a_signature_has_one_type_from_top_to_bottom(read):
    """pandas guesses in parts of a quarter of a million values."""
    values = ["1"] * 300_000 + ["x"]
    assert set(map(type, read("a\n" + "\n".join(values) + "\n", None)["a"])) == {str}


@pytest.mark.parametrize("schema", [Schema([ColSpec("double", "a")]), None])
def test_decimals_are_the_nearest_ones(read, schema):
    chosen = random.Random(7)
    texts = [
        f"{chosen.randrange(10**17)}.{chosen.randrange(10**17):017}e{chosen.randrange(-300, 290)}" for _ in range(3000)
    ]
    assert read("a\n" + "\n".join(texts) + "\n", schema)["a"].tolist() == [float(text) for text in texts]
