"""CPU time of the processes of a local stack."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from local.stack.inspection import NODE, StackStatus

SCORING = "scoring processes"


@dataclass(frozen=True)
class CpuTimes:
    """CPU seconds that each role of the stack has used so far, and when that was read."""

    seconds: Mapping[str, float]
    """By role; what the nodes' children used is `SCORING`, the other roles do their work themselves."""
    machine: float
    """What the whole machine has used."""
    at: float

    @classmethod
    def read(cls, status: StackStatus) -> "CpuTimes":
        """The times now."""
        seconds: dict[str, float] = {}
        for process in status.processes:
            if process.pid is None:
                continue
            own, below = _of(psutil.Process(process.pid))
            seconds[process.role] = seconds.get(process.role, 0.0) + own
            if process.role == NODE:
                seconds[SCORING] = seconds.get(SCORING, 0.0) + below
        return cls(seconds, _machine(), time.monotonic())

    def since(self, before: "CpuTimes") -> dict[str, float]:
        """Seconds used since `before`, by role."""
        return {role: used - before.seconds.get(role, 0.0) for role, used in self.seconds.items()}

    def others_since(self, before: "CpuTimes") -> float:
        """Seconds used since `before` by processes that are not the stack's."""
        return max(0.0, self.machine - before.machine - sum(self.since(before).values()))

    def rate_since(self, before: "CpuTimes") -> dict[str, float]:
        """Share of one core used since `before`, by role."""
        return {role: used / (self.at - before.at) for role, used in self.since(before).items()}


def _machine() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.system)


def _of(process: psutil.Process) -> tuple[float, float]:
    """Own seconds, and those of all children, dead ones included."""
    times = process.cpu_times()
    below = times.children_user + times.children_system
    for child in process.children(recursive=True):
        try:
            of_child = child.cpu_times()
        except psutil.NoSuchProcess:
            continue  # its parent has its times by now
        below += of_child.user + of_child.system + of_child.children_user + of_child.children_system
    return times.user + times.system, below
