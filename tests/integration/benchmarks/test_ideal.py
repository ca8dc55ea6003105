from pathlib import Path

import pytest

from benchmarks.ideal import run_ideal
from benchmarks.workload import make_tiny_files

pytestmark = pytest.mark.integration


def test_the_ideal_loops_share_the_work_and_keep_its_order(tmp_path: Path) -> None:
    workload = make_tiny_files(tmp_path / "tiny", 35, processes=3)
    figures = run_ideal(workload)
    assert figures.output.decode().split() == [f"{number:06}.txt" for number in range(35)]
