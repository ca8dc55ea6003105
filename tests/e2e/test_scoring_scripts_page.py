"""The example of docs/scoring-scripts.md runs as it stands there."""

import re
import sys
from pathlib import Path

import pytest

from tests.e2e.page import run_commands

pytestmark = pytest.mark.e2e

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scoring-scripts.md"


def test_the_example_gives_what_the_page_shows(tmp_path: Path) -> None:
    blocks = re.findall(r"(?:`([\w./]+)`:\n\n)?```(\w+)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for file, _, text in blocks:
        if file:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text(text)
    script = "".join(text for _, language, text in blocks if language == "bash")
    (shown,) = (text for _, language, text in blocks if language == "text")
    begin = f'export PATH="{sys.prefix}/bin:$PATH"\nbml local up --detach\n'
    assert shown in run_commands(begin + script, tmp_path)
