"""The example of docs/scoring-scripts.md runs as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

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
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BML_")}
    environment["PATH"] = f"{Path(sys.prefix) / 'bin'}:{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-c", f"set -euo pipefail\ntrap 'bml local down' EXIT\nbml local up --detach\n{script}"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert shown in done.stdout
