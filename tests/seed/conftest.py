"""The tour of docs/seed-tour.md, run once: one shell, one service, every block in order."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from scorer_container.node.cache.room import FoldersInUse
from scorer_container.node.environments import EnvironmentPreparationError
from scorer_container.node.environments.build_session import BuildSession
from scorer_container.node.environments.interpreters import find_interpreter
from scorer_container.node.environments.python_version import PythonRequirement

ROOT = Path(__file__).resolve().parents[2]
TOUR = ROOT / "docs" / "seed-tour.md"
MARK = "== the next block =="
MADE_BY_EXAMPLES = shutil.ignore_patterns("model.skops", "images")
NOT_ON_OLD_PYTHON = {
    "create-batch-endpoint.yml": "create-batch-endpoint-today.yml",
    "taxi-tip-data.csv": "taxi-fare-data.csv",
}
"""What the tour says to write on a machine without Python 3.7, which the first model of the seed asks for."""


def blocks_of_the_tour() -> list[str]:
    """The shell commands of each block."""
    return [block.strip() for block in re.findall(r"```bash\n(.*?)```", TOUR.read_text(), re.DOTALL)]


def has_python_37() -> bool:
    """Whether a scorer node of this machine can build the environment of the seed's first model."""
    requirement = PythonRequirement.parse("3.7")
    assert requirement is not None
    try:
        find_interpreter(requirement, BuildSession(print, FoldersInUse()))
    except EnvironmentPreparationError:
        return False
    return True


@dataclass(frozen=True)
class Tour:
    """What the tour printed and left behind."""

    folder: Path
    blocks: list[str]
    outputs: list[str]

    def output(self, command: str, number: int = 0) -> str:
        """What the block printed that has this command, the `number`-th of them."""
        found = [output for block, output in zip(self.blocks, self.outputs, strict=True) if command in block]
        return found[number]


@pytest.fixture(scope="session")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tour]:
    folder = tmp_path_factory.mktemp("tour")
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=MADE_BY_EXAMPLES)
    (folder / ".venv").symlink_to(sys.prefix)
    if not has_python_37():
        _use_todays_model(folder)
    blocks = blocks_of_the_tour()
    outputs = _run(folder, blocks)
    yield Tour(folder, blocks, outputs)


def _use_todays_model(folder: Path) -> None:
    """Do to the examples what the tour tells to write instead, so that its commands stay as they are."""
    taxi = folder / "examples" / "nyc-taxi"
    for name, today in NOT_ON_OLD_PYTHON.items():
        source = next(taxi.rglob(today))
        shutil.copy(source, source.with_name(name))


def _run(folder: Path, blocks: list[str]) -> list[str]:
    marked = (f"printf '\\n{MARK}\\n'\n{block}\n" for block in blocks)
    script = "set -euo pipefail\ntrap '.venv/bin/bml local down 2>/dev/null' EXIT\n" + "".join(marked)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BML_")}
    environment["PYTHONPATH"] = str(ROOT)
    with (folder / "errors.txt").open("w") as errors:
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + (folder / "errors.txt").read_text()
    return done.stdout.split(f"\n{MARK}\n")[1:]
