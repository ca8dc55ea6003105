"""How long to wait before a process that ended is started again."""

from __future__ import annotations

from dataclasses import dataclass, field

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 30.0
STEADY_SECONDS = 30.0


@dataclass(slots=True)
class BackOff:
    """Delays that double while a process keeps ending early."""

    first: float = FIRST_SECONDS
    longest: float = LONGEST_SECONDS
    steady: float = STEADY_SECONDS
    """A process that ran for this long was fine: the next delay is the first one again."""

    _next: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._next = self.first

    def delay_after(self, ran_seconds: float) -> float:
        """Seconds to wait after a run of `ran_seconds`."""
        if ran_seconds >= self.steady:
            self.reset()
        delay, self._next = self._next, min(self._next * 2, self.longest)
        return delay

    def reset(self) -> None:
        """Begins with the first delay again."""
        self._next = self.first
