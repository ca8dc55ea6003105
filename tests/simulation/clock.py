"""The clocks of a world: code under test that asks `datetime` or `time` gets the virtual time of its actor."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from types import SimpleNamespace
from typing import Any

from tests.simulation.fibers import Fiber
from tests.simulation.loop import ACTOR, VirtualLoop

EPOCH = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""When every world begins, in seconds of Unix time."""
_PACKAGES = ("shared.", "scorer_container.")


class _Clock:
    loop: VirtualLoop


class VirtualDatetime(datetime):
    """Stands for `datetime` in modules under test."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        """Return the time by the clock of the current actor."""
        return datetime.fromtimestamp(_now(), tz)


def _now() -> float:
    actor = ACTOR.get(None)
    return EPOCH + _Clock.loop.time() + (actor.clock_offset if actor else 0.0)


def virtual_now() -> datetime:
    """Return the time by the clock of the current actor."""
    return datetime.fromtimestamp(_now(), UTC)


def _sleep(seconds: float) -> None:
    """Wait on the virtual clock. Code on the event loop must never sleep."""
    fiber = Fiber.current
    assert fiber is not None, "time.sleep() on the event loop"
    _Clock.loop.call_later(seconds, fiber.resume, context=fiber.wake_context.copy())
    fiber.wait()


def _monotonic() -> float:
    return _Clock.loop.time()


def _gmtime(seconds: float | None = None) -> time.struct_time:
    return time.gmtime(_now() if seconds is None else seconds)


virtual_time = SimpleNamespace(
    time=_now,
    time_ns=lambda: int(_now() * 1e9),
    monotonic=_monotonic,
    perf_counter=_monotonic,
    sleep=_sleep,
    gmtime=_gmtime,
    strftime=lambda form, moment=None: time.strftime(form, moment or _gmtime()),
)
"""Stands for the module `time` in modules under test."""


def sleep_in_fiber(seconds: float) -> None:
    """Wait on the virtual clock, in blocking code."""
    _sleep(seconds)


@contextmanager
def virtual_clocks(loop: VirtualLoop) -> Iterator[None]:
    """Let all modules under test that are loaded by now read the clock of `loop`."""
    _Clock.loop = loop
    before: list[tuple[Any, str, Any]] = []
    for name, module in list(sys.modules.items()):
        if name.startswith(_PACKAGES):
            for attribute, real, virtual in (("datetime", datetime, VirtualDatetime), ("time", time, virtual_time)):
                if vars(module).get(attribute) is real:
                    before.append((module, attribute, real))
                    setattr(module, attribute, virtual)
    try:
        yield
    finally:
        for module, attribute, real in before:
            setattr(module, attribute, real)
