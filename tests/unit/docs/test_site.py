"""Every page is on the site, which mkdocs.yml describes."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[3]


def test_every_page_is_in_the_navigation() -> None:
    listed = re.findall(r"- ([\w./-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    docs = ROOT / "docs"
    pages = {path.relative_to(docs).as_posix() for path in docs.rglob("*.md") if "node_modules" not in path.parts}
    assert sorted(listed) == sorted(pages)
