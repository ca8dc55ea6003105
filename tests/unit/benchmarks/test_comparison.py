from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.comparison import Comparison
from benchmarks.ideal import IdealFigures
from benchmarks.job_run import JobFigures
from benchmarks.report import report
from benchmarks.workload import Workload

pytestmark = pytest.mark.unit


def comparison(folder: Path, output: bytes) -> Comparison:
    workload = Workload(
        "csv-files", "CSV files", folder, files=2, mini_batch_size=1, is_mlflow=True, rows=2, processes=2
    )
    ideal = IdealFigures(seconds=1.0, cpu_seconds=2.0, output=b"0,0.10,a.csv\n0,7,b.csv\n")
    phases = {"Planning": 0.5, "Queued": 0.25, "Running": 1.0}
    job = JobFigures(
        seconds=2.0, phases=phases, tasks=2, cpu={"node": 0.004, "scoring processes": 2.496}, others=0.0, output=output
    )
    return Comparison(workload, ideal=ideal, job=job)


def test_numbers_may_be_written_otherwise(tmp_path: Path) -> None:
    comparison(tmp_path, b"row,prediction,file\n0,0.1,a.csv\n0,7.0,b.csv\n").check()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (b"0,0.1,a.csv\n", "1 rows instead of 2"),
        (b"0,0.1,a.csv\n0,0.1,a.csv\n0,7,b.csv\n", "3 rows instead of 2"),
        (b"0,7,b.csv\n0,0.1,a.csv\n", "row 0 is"),
        (b"0,0.1,a.csv\n0,8,b.csv\n", "row 1 is"),
    ],
)
def test_a_job_that_lost_doubled_moved_or_changed_a_row_is_refused(tmp_path: Path, rows: bytes, message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        comparison(tmp_path, b"row,prediction,file\n" + rows).check()


def test_ratios_are_shares_of_the_ideal_and_costs_are_for_each_task_and_file(tmp_path: Path) -> None:
    one = comparison(tmp_path, b"")
    assert (one.scoring_ratio, one.whole_ratio, one.at_work_ratio) == (0.8, 0.5, pytest.approx(0.9984))
    text = report("python -m benchmarks", [replace(one, rounds=(one,))], [], {"node": 0.01})
    assert "| 80.0% | 80% | 99.8% | 100% | 50.0% | 80.0% |" in text
    assert "Not a quiet machine" not in text
    assert "| node | 0.00 | 2.00 (2) | 2.00 (2) |" in text


def test_a_report_of_a_machine_that_others_used_says_so(tmp_path: Path) -> None:
    quiet = comparison(tmp_path, b"")
    disturbed = replace(quiet, job=replace(quiet.job, others=1.0))
    assert "other processes used 1 s" in report("python -m benchmarks", [disturbed], [], {})


def test_the_round_in_the_middle_counts_and_each_job_stands_beside_the_ideals_around_it(tmp_path: Path) -> None:
    one = comparison(tmp_path, b"row,prediction,file\n0,0.1,a.csv\n0,7.0,b.csv\n")
    ideals = [replace(one.ideal, seconds=seconds) for seconds in (1, 1, 2, 3)]
    jobs = [replace(one.job, phases={"Running": seconds}) for seconds in (4, 2, 5)]
    middle = Comparison.of_rounds(one.workload, ideals, jobs, ())
    assert [each.scoring_ratio for each in middle.rounds] == [0.25, 0.5, 0.75]
    assert (middle.ideal.seconds, middle.job.scoring_seconds) == (2.5, 5)
    lost = replace(jobs[0], output=b"")
    with pytest.raises(RuntimeError, match="0 rows"):
        Comparison.of_rounds(one.workload, ideals, [*jobs[:2], lost], ())
