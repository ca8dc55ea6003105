import io

import pytest
import yaml

from cli.output.errors import UsageError
from cli.output.forms import OutputForm, as_table

pytestmark = pytest.mark.unit

JOB = {"name": "j1", "status": "Completed", "deep": {"a": [1, 2]}, "ok": True, "none": None}


def shown(form: OutputForm, value: object) -> str:
    stream = io.StringIO()
    form.show(value, stream)
    return stream.getvalue()


def test_json_keeps_characters() -> None:
    assert shown(OutputForm("json"), {"名": "値"}) == '{\n  "名": "値"\n}\n'


@pytest.mark.parametrize(
    ("query", "printed"),
    [
        ("name", "j1\n"),
        ("ok", "true\n"),
        ("[name,status]", "j1\nCompleted\n"),
        ("{n:name,s:status}", "j1\tCompleted\n"),
        ("deep.a", "1\n2\n"),
        ("deep", "2\n"),
        ("missing", ""),
    ],
)
def test_tsv_is_as_in_az(query: str, printed: str) -> None:
    assert shown(OutputForm("tsv", query), JOB) == printed


def test_tsv_of_a_list_has_one_line_for_each() -> None:
    assert shown(OutputForm("tsv", "[].[name,status]"), [JOB, JOB]) == "j1\tCompleted\nj1\tCompleted\n"


def test_a_query_looks_into_tuples() -> None:
    assert shown(OutputForm("tsv", "all[?role=='a'].pid"), {"all": ({"role": "a", "pid": 7}, {"role": "b"})}) == "7\n"


def test_a_table_has_the_verbs_columns() -> None:
    lines = shown(OutputForm("table", columns=("name", "status")), [JOB]).splitlines()
    assert [line.split() for line in lines] == [["Name", "Status"], ["------", "---------"], ["j1", "Completed"]]


def test_a_table_of_a_query_has_all_scalar_members() -> None:
    assert shown(OutputForm("table", "{N:name,D:deep}", ("status",)), JOB).split() == ["N", "---", "j1"]


def test_yaml_reads_back_the_same() -> None:
    assert yaml.safe_load(shown(OutputForm("yaml"), JOB)) == JOB


def test_none_prints_nothing() -> None:
    assert shown(OutputForm("none"), JOB) == ""


def test_a_wrong_query_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="not a JMESPath expression"):
        shown(OutputForm("json", "name["), JOB)


def test_a_table_leaves_out_columns_that_say_nothing() -> None:
    form = OutputForm("table", columns=("name", "description", "display_name", "size"))
    rows = [{"name": name, "description": None, "display_name": name, "size": 0} for name in ("a", "b")]
    assert shown(form, rows).split()[:2] == ["Name", "Size"]
    rows[1]["display_name"] = "The second"
    assert shown(form, rows).split()[:3] == ["Name", "DisplayName", "Size"]


def test_a_table_has_times_to_the_second() -> None:
    assert "2026-11-22T18:05:51Z\n" in shown(OutputForm("table"), {"at": "2026-11-22T18:05:51.639439+00:00"})


@pytest.mark.parametrize("text", ["a\x1b[31mred", "two\nlines", "a\r", "\x00", "\x9b2J", "a\u2028b"])
def test_a_table_shows_control_characters_as_escapes(text: str) -> None:
    lines = as_table([{"name": "job-1", "display_name": text}]).split("\n")
    assert len(lines) == 3
    assert lines[2].split()[1] == repr(text)[1:-1]
