"""Every path that a page names exists in the tree."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "examples/*/*.md", "infra/**/*.md")
    for path in ROOT.glob(pattern)
    if "node_modules" not in path.parts
)
FOLDERS = ("cli", "shared", "scorer_container", "local", "infra", "docs", "tests", "examples", "benchmarks")
NAMED = re.compile(rf"(?<![\w./<~$-])(?:{'|'.join(FOLDERS)}|\.github|\.ci)/[\w./*-]*")
"""A path below one of the tree's folders, as prose, code and commands name it."""

LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)")

CODE = re.compile(r"`([\w.-]+/[\w./-]+\.(?:py|sh|js|bicep|kql))`")
"""A file of code. Some pages name their files from the folder `tests` or `infra` on, or from the page's own."""

MADE_LATER = {
    "words/code/score.py",
    "local/azurite/node_modules",
    "examples/heart-classifier/model",
    "examples/mnist-script/images",
}
"""What commands of the pages make."""


def named_paths(page: Path) -> set[str]:
    """Paths that a page names, from the root of the tree."""
    text = page.read_text()
    found = {match.rstrip("./") for match in NAMED.findall(text)} | set(CODE.findall(text))
    return found - MADE_LATER


def exists(name: str, page: Path) -> bool:
    return any(any(base.glob(name)) for base in (ROOT, ROOT / "tests", ROOT / "infra", page.parent))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_names_only_what_exists(page: Path) -> None:
    missing = [name for name in sorted(named_paths(page)) if not exists(name, page)]
    assert not missing, f"{page.name} names {missing}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_links_only_to_what_exists(page: Path) -> None:
    missing = [target for target in LINK.findall(page.read_text()) if not (page.parent / target).exists()]
    assert not missing, f"{page.name} links to {missing}"


def test_paths_are_found() -> None:
    assert "shared/jobs/phases/watch.py" in named_paths(ROOT / "docs" / "architecture.md")
    assert len(PAGES) > 20
