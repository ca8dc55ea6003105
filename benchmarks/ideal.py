"""The ideal: the same work in plain loops, one for each scoring process of the job."""

import json
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.workload import Workload

_SHORTEST = 1e-9
"""Seconds of a loop that had nothing to do; its rate must be a number."""


@dataclass(frozen=True)
class IdealFigures:
    """What the plain loops took."""

    seconds: float
    """What the loops need that all end at the same moment; interpreters and models are ready before."""
    cpu_seconds: float
    """Of all loops together."""
    output: bytes
    """The rows in the order of the input."""


def run_ideal(workload: Workload) -> IdealFigures:
    """Score the workload with plain loops that share the mini-batches evenly."""
    shares = _shares(workload, workload.processes)
    outputs = [workload.folder / f"ideal-{number}.csv" for number in range(workload.processes)]
    loops = [_start(workload, share, output) for share, output in zip(shares, outputs, strict=True)]
    for loop in loops:
        _read(loop, until_ready=True)
    for loop in loops:
        assert loop.stdin is not None
        loop.stdin.write("go\n")
        loop.stdin.flush()
    figures = [json.loads(_read(loop)) for loop in loops]
    for loop in loops:
        loop.communicate()
    # Each loop has as much to do as the others: together they are as fast as the sum of their rates.
    return IdealFigures(
        seconds=len(figures) / sum(1 / max(figure["seconds"], _SHORTEST) for figure in figures),
        cpu_seconds=sum(figure["cpu_seconds"] for figure in figures),
        output=b"".join(path.read_bytes() for path in outputs),
    )


def mean(one: IdealFigures, other: IdealFigures) -> IdealFigures:
    """The mean of two runs: on a machine that others use as well, one alone may be lucky."""
    return IdealFigures(
        seconds=(one.seconds + other.seconds) / 2,
        cpu_seconds=(one.cpu_seconds + other.cpu_seconds) / 2,
        output=one.output,
    )


def _shares(workload: Workload, processes: int) -> list[list[list[str]]]:
    """Contiguous parts of the mini-batches, so that the outputs put together have the order of the input."""
    files = sorted(str(path) for path in workload.inputs.iterdir())
    size = workload.mini_batch_size
    mini_batches = [files[first : first + size] for first in range(0, len(files), size)]
    bounds = [len(mini_batches) * number // processes for number in range(processes + 1)]
    return [mini_batches[first:end] for first, end in pairwise(bounds)]


def _start(workload: Workload, mini_batches: list[list[str]], output: Path) -> subprocess.Popen[str]:
    share = {
        "is_mlflow": workload.is_mlflow,
        "model": str(workload.model),
        "code": str(workload.code),
        "mini_batches": mini_batches,
        "output": str(output),
    }
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.ideal_process", json.dumps(share)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _read(loop: subprocess.Popen[str], *, until_ready: bool = False) -> str:
    """The next line of a loop's output (other libraries may print before it is ready)."""
    assert loop.stdout is not None
    for line in loop.stdout:
        if not until_ready or line == "ready\n":
            return line
    raise RuntimeError(f"a process of the ideal loop ended with exit code {loop.wait()}")
