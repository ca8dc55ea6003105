"""Sources cite only what a reader can open: a decision in docs/decisions/, a public page, or the fact itself."""

import re
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[3]
DECISIONS = {path.name[:4] for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md")}
_PRIVATE = re.compile(r"\b(azureml_batch|functions_host|storage)_facts\b|\bazure_ai_ml_wire\b|\bDESIGN\b")
_DECISION = re.compile(r"docs/decisions/(\d{4})")


def _sources() -> list[tuple[str, str]]:
    listed = subprocess.run(
        [
            "git",
            "ls-files",
            "-co",
            "--exclude-standard",
            "*.py",
            "*.md",
            "*.bicep",
            "*.yaml",
            "*.yml",
            "*.toml",
            "*.json",
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    files = [ROOT / name for name in listed.stdout.splitlines()]
    return [
        (str(file.relative_to(ROOT)), file.read_text()) for file in files if file.is_file() and file != Path(__file__)
    ]


def test_sources_cite_no_document_outside_the_repository() -> None:
    cited = [f"{name}: {found.group()}" for name, text in _sources() for found in _PRIVATE.finditer(text)]
    assert not cited, "name the decision, the public page or the fact itself instead"


def test_a_cited_decision_exists() -> None:
    cited = [(name, number) for name, text in _sources() for number in _DECISION.findall(text)]
    assert cited
    assert [each for each in cited if each[1] not in DECISIONS] == []
