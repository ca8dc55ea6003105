"""docs/coverage.md names tests that exist."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

TESTS = Path(__file__).resolve().parents[2]
PAGE = TESTS.parent / "docs" / "coverage.md"
NAMED = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", PAGE.read_text())


def test_the_page_names_tests() -> None:
    assert len(NAMED) > 50


@pytest.mark.parametrize(("file", "test"), sorted(set(NAMED)))
def test_a_named_test_exists(file: str, test: str) -> None:
    path = TESTS / file
    assert path.is_file(), f"coverage.md names {file}"
    assert not test or re.search(rf"^(async )?def {test}\(", path.read_text(), re.MULTILINE), f"{file} has no {test}"
