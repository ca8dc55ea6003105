"""`RESULTS.md`: the figures of one run."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata

import psutil

from benchmarks.comparison import Comparison
from benchmarks.cpu import SCORING
from benchmarks.hot_path import CallCost
from local.stack.health import AZURITE, FUNCTIONS_HOST
from local.stack.inspection import NODE

_INTRODUCTION = """# Benchmark results

Written by `{command}`; each run replaces it. The ideal is the same work in as many plain
Python loops as the job has scoring processes, with interpreters and models ready before the clock starts, run before
and after the job (mean). The job runs on a local stack with one node that is up and has its environment; the output of
both is compared row by row.

{machine}, {date}.
"""
_THROUGHPUT_NOTE = """Scoring is the time that the job is `Running`. The ideal of a script that does nothing is nothing:
its ratio says little, the time above the ideal says all. What others did on the machine meanwhile is in the CPU table.

"""


def report(
    command: str, comparisons: Sequence[Comparison], calls: Sequence[CallCost], idle: Mapping[str, float]
) -> str:
    """The whole text."""
    introduction = _INTRODUCTION.format(command=command, machine=_machine(), date=f"{datetime.now(UTC):%Y-%m-%d}")
    sections = [introduction, _throughput(comparisons), _cpu(comparisons), _hot_path(calls), _idle(idle)]
    return "\n".join(section for section in sections if section)


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    packages = ", ".join(f"{name} {metadata.version(name)}" for name in ("mlflow", "scikit-learn", "pandas"))
    return (
        f"{psutil.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python {platform.python_version()}, "
        f"{packages}; Azurite on the same machine"
    )


def _throughput(comparisons: Sequence[Comparison]) -> str:
    rows = []
    for one in comparisons:
        files, job = one.workload.files, one.job
        scored = f"{files / job.scoring_seconds:,.1f}" if job.scoring_seconds else "-"
        rows += [
            [
                one.workload.title,
                one.processes,
                f"{files / one.ideal.seconds:,.1f}",
                scored,
                f"{files / job.seconds:,.1f}",
                f"{one.scoring_ratio:.1%}",
                f"{one.whole_ratio:.1%}",
                f"{1000 * (job.scoring_seconds - one.ideal.seconds) / files:.2f}",
                ", ".join(f"{state} {seconds:.1f}" for state, seconds in job.phases.items()),
            ]
        ]
    header = [
        *("workload", "processes", "ideal files/s", "files/s while `Running`", "files/s, whole job"),
        *("scoring : ideal", "whole job : ideal", "ms above the ideal for each file", "seconds in each state"),
    ]
    return "## Throughput\n\n" + _THROUGHPUT_NOTE + _table(header, rows)


def _cpu(comparisons: Sequence[Comparison]) -> str:
    rows = []
    for one in comparisons:
        tasks, files = one.job.tasks, one.workload.files
        for role in (NODE, SCORING, FUNCTIONS_HOST, AZURITE):
            rows.append(
                [
                    one.workload.title,
                    role,
                    f"{one.job.cpu.get(role, 0.0):.2f}",
                    f"{one.milliseconds_for_each(role, tasks):.2f} ({tasks:,})",
                    f"{one.milliseconds_for_each(role, files):.2f} ({files:,})",
                ]
            )
        rows.append([one.workload.title, "everything else on the machine", f"{one.job.others:.2f}", "", ""])
        rows.append([one.workload.title, "ideal loops", f"{one.ideal.cpu_seconds:.2f}", "", f"{_each(one):.2f}"])
    header = ["workload", "process", "CPU s", "ms for each task (tasks)", "ms for each file (files)"]
    return "## CPU\n\nBudget of the node: 2 ms for each task and 1 ms for each input file.\n\n" + _table(header, rows)


def _each(one: Comparison) -> float:
    return 1000 * one.ideal.cpu_seconds / one.workload.files


def _hot_path(calls: Sequence[CallCost]) -> str:
    if not calls:
        return ""
    rows = [[call.name, f"{call.cpu_ms:.2f}", f"{call.wall_ms:.2f}", f"{call.times:,}"] for call in calls]
    text = "## Calls of the hot path\n\nOne thread against Azurite; CPU is the caller's.\n\n"
    return text + _table(["call", "CPU ms", "wall ms", "calls"], rows)


def _idle(idle: Mapping[str, float]) -> str:
    rows = [[role, f"{share:.1%}"] for role, share in sorted(idle.items()) if share >= 0]
    return "## Idle\n\nShare of one core while nothing is to be done.\n\n" + _table(["process", "share"], rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)
