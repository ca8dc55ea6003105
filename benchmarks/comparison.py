"""A workload by the job and by the ideal loop, side by side."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmarks.cpu import SCORING
from benchmarks.ideal import IdealFigures, mean
from benchmarks.job_run import JobFigures
from benchmarks.workload import Workload

FEW_FILES = 10


@dataclass(frozen=True)
class Comparison:
    """The figures of one workload."""

    workload: Workload
    ideal: IdealFigures
    job: JobFigures
    small_jobs: tuple[JobFigures, ...] = ()
    """Jobs on `FEW_FILES` files, one after the other; the first finds a node without model and environment."""
    rounds: "tuple[Comparison, ...]" = ()
    """All rounds, by their scoring ratio; these are the figures of the one in the middle."""

    @classmethod
    def of_rounds(
        cls,
        workload: Workload,
        ideals: Sequence[IdealFigures],
        jobs: Sequence[JobFigures],
        small_jobs: tuple[JobFigures, ...],
    ) -> "Comparison":
        """Each job beside the mean of the ideal's runs before and after it; raises RuntimeError as `check` does."""
        rounds = [
            cls(workload, mean(before, after), job, small_jobs)
            for before, job, after in zip(ideals, jobs, ideals[1:], strict=False)
        ]
        for one in rounds:
            one.check()
        rounds.sort(key=lambda one: one.scoring_ratio)
        return replace(rounds[len(rounds) // 2], rounds=tuple(rounds))

    def check(self) -> None:
        """Raise RuntimeError unless the job's output has exactly the ideal's rows in the same order."""
        expected, found = _values(self.ideal.output), _values(self.job.output, skip=int(self.workload.is_mlflow))
        if len(found) != self.workload.rows:
            raise RuntimeError(f"{self.workload.name}: the job has {len(found)} rows instead of {self.workload.rows}")
        if found != expected:
            different = next(row for row, pair in enumerate(zip(found, expected, strict=True)) if pair[0] != pair[1])
            raise RuntimeError(
                f"{self.workload.name}: row {different} is {found[different]}, not {expected[different]}"
            )

    @property
    def scoring_ratio(self) -> float:
        """Throughput of the job's scoring phase as a share of the ideal's."""
        return self.ideal.seconds / self.job.scoring_seconds if self.job.scoring_seconds else 0.0

    @property
    def at_work_ratio(self) -> float:
        """CPU seconds of the scoring processes in each second of scoring, as a share of the ideal's loops'."""
        if not self.job.scoring_seconds or not self.ideal.cpu_seconds:
            return 0.0
        return self.job.cpu.get(SCORING, 0.0) / self.job.scoring_seconds * self.ideal.seconds / self.ideal.cpu_seconds

    @property
    def whole_ratio(self) -> float:
        """Throughput of the whole job, from invocation to completion, as a share of the ideal's."""
        return self.ideal.seconds / self.job.seconds

    @property
    def cpu_ratio(self) -> float:
        """The ideal's CPU time as a share of what all processes of the stack used for the job."""
        used = sum(self.job.cpu.values())
        return self.ideal.cpu_seconds / used if used else 0.0

    def milliseconds_for_each(self, role: str, count: int) -> float:
        """CPU milliseconds of a role for each of `count` things."""
        return 1000 * self.job.cpu.get(role, 0.0) / count


def _values(text: bytes, skip: int = 0) -> list[list[str]]:
    """The rows, numbers written alike, without `skip` header rows."""
    rows = list(csv.reader(text.decode().splitlines()))[skip:]
    return [[_plain(value) for value in row] for row in rows]


def _plain(value: str) -> str:
    try:
        return repr(float(value))
    except ValueError:
        return value
