import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


def test_the_benchmark_runs_on_a_small_workload_and_writes_its_report(tmp_path: Path) -> None:
    report = tmp_path / "results.md"
    small = ["--only", "tiny-files", "--tiny-files", "20", "--processes", "1", "--calls", "5"]
    command = [sys.executable, "-m", "benchmarks", *small, "--output", str(report)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    text = report.read_text()
    assert "| 20 tiny files, a script that does nothing | 1 |" in text
    assert "| stage a block of rows (2 kB) |" in text
