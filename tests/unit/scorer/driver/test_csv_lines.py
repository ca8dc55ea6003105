"""CSV is right when its readers give back what was written: Python's `csv` and pandas are asked."""

import csv
import io

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scorer_container.driver.results.encoding import record_lines, text_line
from shared.storage.output_ledger import header_line

pytestmark = pytest.mark.unit

within_a_second = settings(max_examples=50, deadline=None)

texts = st.text(st.sampled_from('a ",\t\r\n\ufeff\x00;\u2028é\\') | st.characters(exclude_categories=["Cs"]))


def by_csv(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def by_pandas(text: str, header: int | None = None) -> pd.DataFrame:
    content = io.BytesIO(text.encode())
    return pd.read_csv(content, header=header, dtype=str, keep_default_na=False)


@within_a_second
@given(st.lists(texts, min_size=1))
@example(["", " ", '"', 'a, "b"', '"Hello" he said', '"unbalanced', "\ufeffa", "two\nlines", "\r", '""', ","])
def test_each_text_of_a_list_is_one_record_that_reads_back(elements):
    lines = [text_line(element) for element in elements]
    records = by_csv("".join(lines))
    assert len(records) == len(elements)
    for element, line, record in zip(elements, lines, records, strict=True):
        assert record == [element] or (line == element + "\n" and [record] == by_csv(element))
        assert by_pandas(line).to_numpy().tolist() == [record]
    fields = [element for element, record in zip(elements, records, strict=True) if record == [element]]
    if fields:
        assert by_pandas("".join(map(text_line, fields)))[0].tolist() == fields


@pytest.mark.parametrize("text", ["name,prediction", 'a,"b, c"', '"one ""quoted"" field"', 'a,"b\nc"', " a", '""'])
def test_a_text_that_spells_one_record_stays_as_it_is(text):
    assert text_line(text) == text + "\n"


@pytest.mark.parametrize(
    "text", ["", " \t", '"Hello" he said', '"unbalanced', 'a"b', 'a, "b"', "a\nb", "a\r", "\ufeffa"]
)
def test_any_other_text_is_one_quoted_field(text):
    assert text_line(text) == '"' + text.replace('"', '""') + '"\n'


@within_a_second
@given(st.integers(1, 3).flatmap(lambda width: st.lists(st.tuples(*[texts] * width), min_size=1)))
@example([(" ",), ("\ufeff",), ("",)])
@example([("\ufeffa", "b\rc"), ("", "")])
def test_rows_of_a_table_read_back(rows):
    columns = [list(column) for column in zip(*rows, strict=True)]
    text = record_lines(columns)
    assert by_csv(text) == list(map(list, rows))
    assert by_pandas(text).to_numpy().tolist() == list(map(list, rows))


@within_a_second
@given(st.lists(texts, min_size=1, max_size=4, unique=True))
@example(["x\ry"])
@example(["\ufeffx", " "])
@example([""])
def test_the_header_line_names_the_columns_whatever_they_hold(names):
    text = header_line(names).decode() + ",".join("1" * len(names)) + "\n"
    assert by_csv(text) == [names, ["1"] * len(names)]
    assert by_pandas(text).to_numpy().tolist()[0] == names
