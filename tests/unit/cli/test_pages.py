"""Lists that come page after page."""

import pytest

from cli.api.workspace import items_of

pytestmark = pytest.mark.unit


def test_a_list_has_the_items_of_all_pages_and_warns_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    pages = {
        "1": {"value": [{"name": "a"}], "nextLink": "2", "warnings": [{"message": "row schedules / b cannot be read"}]},
        "2": {"value": [{"name": "c"}]},
    }
    assert [item["name"] for item in items_of(pages.__getitem__, "1")] == ["a", "c"]
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "warning: row schedules / b cannot be read\n")
