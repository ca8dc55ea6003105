"""The tour of the README, command by command, in one shell."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.e2e.page import run_commands

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]


def test_every_command_of_the_tour_works(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("model.skops", "images"))
    (tmp_path / ".venv").symlink_to(sys.prefix)
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks[-1].strip() == "bml local down"
    assert run_commands("\n".join(blocks), tmp_path).count("Status: Completed") == 2
    assert len((tmp_path / "results" / "heart" / "predictions.csv").read_text().splitlines()) == 304
    digits = (tmp_path / "results" / "digits" / "predictions.csv").read_text().splitlines()
    assert [line.split("-")[0] for line in digits] == [f"{number:04}" for number in range(100)]
