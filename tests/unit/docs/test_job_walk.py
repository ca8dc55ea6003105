"""docs/one-job-through-the-code.md and docs/glossary.md name files and functions that exist."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[3]
WALK = (ROOT / "docs" / "one-job-through-the-code.md").read_text()
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()

NAMED = [
    (path, name)
    for path, names in re.findall(r"`([\w/]+\.py)`:((?:,? `[\w.]+`)+)", WALK)
    for name in re.findall(r"`([\w.]+)`", names)
] + re.findall(r"`([\w/]+\.py)` \(`(\w+)`\)", GLOSSARY)


@cache
def defined(path: str) -> set[str]:
    """Names of all functions and classes of a file; a method as `Class.method`."""
    names: set[str] = set()

    def visit(node: ast.AST, owner: str = "") -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.add(f"{owner}{child.name}")
                visit(child, f"{child.name}." if isinstance(child, ast.ClassDef) else "")

    visit(ast.parse((ROOT / path).read_text()))
    return names


def test_the_pages_name_functions() -> None:
    assert len(NAMED) > 60


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED)))
def test_a_named_function_is_defined(path: str, name: str) -> None:
    assert (ROOT / path).is_file(), f"a page names {path}"
    assert name in defined(path), f"a page names {name} in {path}"
