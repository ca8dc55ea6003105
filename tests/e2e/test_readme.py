"""The tour of the README, command by command, in one shell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(600)
def test_every_command_of_the_tour_works(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("model.skops", "images"))
    (tmp_path / ".venv").symlink_to(sys.prefix)
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks[-1].strip() == "bml local down"
    script = "set -euo pipefail\ntrap 'bml local down' EXIT\n" + "\n".join(blocks)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BML_")}
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("Status: Completed") == 2
    assert len((tmp_path / "results" / "heart" / "predictions.csv").read_text().splitlines()) == 304
    digits = (tmp_path / "results" / "digits" / "predictions.csv").read_text().splitlines()
    assert [line.split("-")[0] for line in digits] == [f"{number:04}" for number in range(100)]
