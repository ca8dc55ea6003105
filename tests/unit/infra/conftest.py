"""What the tests of the scripts share."""

from pathlib import Path

import pytest

from tests.unit.infra.played_machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with played programs, and an installation that works."""
    folder = tmp_path / "machine"
    folder.mkdir()
    return Machine(folder)
