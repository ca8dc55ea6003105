"""`python -m benchmarks`: measure, check, and write `RESULTS.md`."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.comparison import FEW_FILES, Comparison
from benchmarks.cpu import CpuTimes
from benchmarks.hot_path import measure_calls
from benchmarks.ideal import run_ideal
from benchmarks.job_run import BatchEndpoint
from benchmarks.report import report
from benchmarks.stack import running_stack
from benchmarks.workload import Workload, make_csv_files, make_heavy_files, make_tiny_files
from cli.api.workspace import Workspace
from local import stack

RESULTS = Path(__file__).parent / "RESULTS.md"
_IDLE_SECONDS = 5


def main() -> None:
    """Measure everything in one run."""
    options = _options()
    os.environ["OMP_NUM_THREADS"] = "1"  # a loop is one core's work, in the ideal as in the job
    with tempfile.TemporaryDirectory(prefix="bml-bench-") as folder:
        _say("making the workloads")
        workloads = _workloads(Path(folder), options)
        data_dir = Path(folder) / "stack"
        with running_stack(data_dir) as workspace:
            comparisons = [_compare(workspace, data_dir, one, options.rounds) for one in workloads]
            idle = _idle(data_dir)
    command = " ".join(["python -m benchmarks", *sys.argv[1:]])
    _say("the calls of the hot path")
    text = report(command, comparisons, measure_calls(options.calls), idle)
    options.output.write_text(text, encoding="utf-8")
    _say(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=["tiny-files", "heavy-files", "csv-files"], help="one of the workloads")
    parser.add_argument("--tiny-files", type=int, default=2_000, help="number of tiny files (2000)")
    parser.add_argument("--heavy-files", type=int, default=480, help="number of heavy mini-batches (480)")
    parser.add_argument("--csv-files", type=int, default=100, help="number of CSV files (100)")
    parser.add_argument("--csv-rows", type=int, default=5_000, help="rows of each CSV file (5000)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="scoring processes (all cores)")
    parser.add_argument("--rounds", type=int, default=3, help="how often ideal and job are measured in turn (3)")
    parser.add_argument("--calls", type=int, default=300, help="how often each storage call is measured (300)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the report (benchmarks/RESULTS.md)")
    return parser.parse_args()


def _workloads(folder: Path, options: argparse.Namespace) -> list[Workload]:
    """Those that compute also with a single process, which leaves a core to Azurite and the Functions host."""
    processes = options.processes
    counts = sorted({1, processes})
    heavy, rows = options.heavy_files, options.csv_rows
    makers: dict[str, list[Callable[[Path], Workload]]] = {
        "tiny-files": [partial(make_tiny_files, files=options.tiny_files, processes=processes)],
        "heavy-files": [
            partial(make_heavy_files, files=heavy * count // processes, processes=count) for count in counts
        ],
        "csv-files": [partial(make_csv_files, files=options.csv_files, rows=rows, processes=count) for count in counts],
    }
    chosen = [make for name, several in makers.items() if options.only in {None, name} for make in several]
    return [make(folder / str(number)) for number, make in enumerate(chosen)]


def _compare(workspace: Workspace, data_dir: Path, workload: Workload, rounds: int) -> Comparison:
    endpoint = BatchEndpoint(workspace, data_dir, workload)
    endpoint.deploy()
    _say(f"{workload.title}: two small jobs; after the first the node has model and environment")
    few = _few_files(workload)
    small_jobs = (endpoint.score(few), endpoint.score(few))
    _say(f"{workload.title}: the ideal")
    ideals, jobs = [run_ideal(workload)], []
    for number in range(1, rounds + 1):
        _say(f"{workload.title}: the job and the ideal again, round {number} of {rounds}")
        jobs.append(endpoint.score(workload.inputs))
        ideals.append(run_ideal(workload))
    return Comparison.of_rounds(workload, ideals, jobs, small_jobs)


def _few_files(workload: Workload) -> Path:
    folder = workload.folder / "few"
    folder.mkdir()
    for path in sorted(workload.inputs.iterdir())[:FEW_FILES]:
        (folder / path.name).symlink_to(path)
    return folder


def _idle(data_dir: Path) -> dict[str, float]:
    before = CpuTimes.read(stack.status(data_dir))
    time.sleep(_IDLE_SECONDS)
    return CpuTimes.read(stack.status(data_dir)).rate_since(before)


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
