"""`RESULTS.md`: the figures of one run."""

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata

import psutil

from benchmarks.comparison import FEW_FILES, Comparison
from benchmarks.cpu import SCORING
from benchmarks.hot_path import CallCost
from benchmarks.job_run import JobFigures
from local.stack.health import AZURITE, FUNCTIONS_HOST
from local.stack.inspection import NODE

_INTRODUCTION = """# Benchmark results

Written by `{command}`; each run replaces it. The ideal is the same work in as many plain
Python loops as the job has scoring processes, with interpreters and models ready before the clock starts and all loops
ending at the same moment. Both are run in turn for some rounds, each job stands beside the mean of the ideal's runs
before and after it, and the figures are those of the round in the middle. The job runs on a local stack with one node
that is up and has its environment; the output of both is compared row by row.

{machine}, {date}.
"""
_THROUGHPUT_NOTE = """\
Scoring lasts from the last task put on the queue to the last result, so finding a node is part of it. The ideal of a
script that does nothing is nothing: its ratio says little, the time above the ideal says all. Others may have used the
machine meanwhile (see the CPU table), and a virtual machine's own speed differs from minute to minute. *At work* does
not depend on that: it is the CPU time that the scoring processes get in a second, which lacks what they wait for us and
for a core that Azurite or the host has. Where all cores score, the CPU of ideal : job is about the most that the ratio
can be.

"""
_QUIET = 0.1
"""Others may use this share of the CPU time that the jobs use; the benchmark's own polling is among them."""
_FIRST = ("no node, the compute is at zero", "a node without the model")
_LATENCY_NOTE = "Budget: 3 s when everything is ready and the files are small, 10 s from zero."


def report(
    command: str, comparisons: Sequence[Comparison], calls: Sequence[CallCost], idle: Mapping[str, float]
) -> str:
    """The whole text."""
    introduction = _INTRODUCTION.format(command=command, machine=_machine(), date=f"{datetime.now(UTC):%Y-%m-%d}")
    sections = [
        introduction,
        _disturbance(comparisons),
        _throughput(comparisons),
        _latency(comparisons),
        _cpu(comparisons),
        _hot_path(calls),
        _idle(idle),
    ]
    return "\n".join(section for section in sections if section)


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    packages = ", ".join(f"{name} {metadata.version(name)}" for name in ("mlflow", "scikit-learn", "pandas"))
    return (
        f"{psutil.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python {platform.python_version()}, "
        f"{packages}; Azurite on the same machine"
    )


def _disturbance(comparisons: Sequence[Comparison]) -> str:
    """A warning when others used the machine while a job ran."""
    others = sum(one.job.others for one in comparisons)
    own = sum(sum(one.job.cpu.values()) for one in comparisons)
    if others < _QUIET * own:
        return ""
    return (
        f"**Not a quiet machine**: while the jobs used {own:.0f} s of CPU, other processes used {others:.0f} s. "
        "The throughput and latency of this run say little; the CPU figures hold roughly.\n"
    )


def _throughput(comparisons: Sequence[Comparison]) -> str:
    rows = []
    for one in comparisons:
        files, job = one.workload.files, one.job
        scored = f"{files / job.scoring_seconds:,.1f}" if job.scoring_seconds else "-"
        rows += [
            [
                one.workload.title,
                one.workload.processes,
                f"{files / one.ideal.seconds:,.1f}",
                scored,
                f"{files / job.seconds:,.1f}",
                f"{one.scoring_ratio:.1%}",
                " ".join(f"{each.scoring_ratio:.0%}" for each in one.rounds),
                f"{one.at_work_ratio:.1%}",
                " ".join(f"{each.at_work_ratio:.0%}" for each in one.rounds),
                f"{one.whole_ratio:.1%}",
                f"{one.cpu_ratio:.1%}",
                f"{1000 * (job.scoring_seconds - one.ideal.seconds) / files:.2f}",
                _phases(job),
            ]
        ]
    header = [
        *("workload", "processes", "ideal files/s", "files/s, scoring", "files/s, whole job"),
        *(
            "scoring : ideal",
            "all rounds",
            "at work : ideal",
            "all rounds",
            "whole job : ideal",
            "CPU of ideal : job",
            "ms above the ideal for each file",
            "seconds in each state",
        ),
    ]
    return "## Throughput\n\n" + _THROUGHPUT_NOTE + _table(header, rows)


def _latency(comparisons: Sequence[Comparison]) -> str:
    rows = []
    for number, one in enumerate(comparisons):
        for job, state in zip(
            one.small_jobs, (_FIRST[min(number, 1)], "node, environment and model ready"), strict=False
        ):
            rows.append([one.workload.title, state, f"{job.seconds:.1f}", _phases(job)])
    header = ["workload", "before the job", "seconds from invocation to completion", "seconds in each state"]
    return f"## Latency\n\nJobs on {FEW_FILES} files. {_LATENCY_NOTE}\n\n" + _table(header, rows)


def _phases(job: JobFigures) -> str:
    return ", ".join(f"{state} {seconds:.1f}" for state, seconds in job.phases.items())


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
    header = [
        "workload",
        "process",
        "CPU s",
        "ms for each task, its files included (tasks)",
        "ms for each file (files)",
    ]
    return (
        "## CPU\n\nBudget of the node: 1.5 ms for each task apart from its files, and 0.55 ms for each input file.\n\n"
        + _table(header, rows)
    )


def _each(one: Comparison) -> float:
    return 1000 * one.ideal.cpu_seconds / one.workload.files


def _hot_path(calls: Sequence[CallCost]) -> str:
    if not calls:
        return ""
    rows = [[call.name, f"{call.cpu_ms:.2f}", f"{call.wall_ms:.2f}", f"{call.times:,}"] for call in calls]
    text = (
        "## Calls of the hot path\n\nAgainst Azurite, one at a time unless it says otherwise; CPU is the caller's.\n\n"
    )
    return text + _table(["call", "CPU ms", "wall ms", "calls"], rows)


def _idle(idle: Mapping[str, float]) -> str:
    rows = [[role, f"{share:.1%}"] for role, share in sorted(idle.items()) if share >= 0]
    return "## Idle\n\nShare of one core while nothing is to be done.\n\n" + _table(["process", "share"], rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)
