from datetime import timedelta

import pytest

from local.functions_host.app.config import parse_time_span

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:00:02", 2),
        ("01:02", 3720),
        ("1.00:00:00.5", 86400.5),
        ("00:00:00.1234567", 0.123456),
        ("-00:00:01", -1),
        ("3", 3 * 86400),
    ],
)
def test_time_span_is_read_as_dotnet_reads_it(text, seconds):
    assert parse_time_span(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "2s", "24:00:00", "00:60:00", "00:00:60", "1:2:3:4", "00:00:02 "])
def test_other_forms_are_refused(text):
    with pytest.raises(ValueError, match="not a time span"):
        parse_time_span(text)
