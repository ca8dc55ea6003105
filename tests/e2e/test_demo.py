"""`make demo` as a newcomer runs it, except for the folder."""

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "heart-classifier"


@pytest.fixture(scope="module", autouse=True)
def model() -> None:
    """`make` trains it; whoever calls pytest alone gets it here."""
    if not (EXAMPLE / "model" / "MLmodel").exists():
        subprocess.run([sys.executable, EXAMPLE / "train.py"], check=True)


def start_demo(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, ROOT / "examples" / "demo.py"],
        env={**os.environ, "DEMO_DIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def left_running(folder: Path) -> list[str]:
    """Processes whose command line or environment names the demo's folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = " ".join(process.info["cmdline"] or [])
        if str(folder) in command:
            found.append(command)
    return found


def test_the_demo_predicts_what_the_model_predicts_in_process(tmp_path: Path) -> None:
    demo = start_demo(tmp_path)
    output, _ = demo.communicate()
    assert demo.returncode == 0, output
    assert "Rows: 303" in output
    assert left_running(tmp_path) == []

    with (tmp_path / "results" / "predictions.csv").open(newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["row", "prediction", "file"]
    assert rows == predictions_in_process()


def predictions_in_process() -> list[list[str]]:
    """What the model says of the same files, in a Python of its own: mlflow changes the process it is loaded in."""
    script = """
import csv, pathlib, sys
import mlflow.pyfunc, pandas
model = mlflow.pyfunc.load_model(sys.argv[1])
out = csv.writer(sys.stdout)
for file in sorted(pathlib.Path(sys.argv[2]).iterdir()):
    for row, prediction in enumerate(model.predict(pandas.read_csv(file))):
        out.writerow([row, prediction, file.name])
"""
    done = subprocess.run(
        [sys.executable, "-c", script, EXAMPLE / "model", EXAMPLE / "data"], capture_output=True, text=True, check=True
    )
    return list(csv.reader(done.stdout.splitlines()))


def test_a_demo_that_is_stopped_leaves_nothing_running(tmp_path: Path, eventually: Callable[..., None]) -> None:
    demo = start_demo(tmp_path)
    eventually(lambda: len(left_running(tmp_path)) >= 4, timeout=180, what="the service of the demo")
    demo.send_signal(signal.SIGTERM)
    output, _ = demo.communicate()
    assert demo.returncode == 143, output
    assert left_running(tmp_path) == []
