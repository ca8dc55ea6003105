"""The network between the actors and the storage account. It is slow, loses calls, and delivers some of them late."""

from asyncio import Future
from collections import Counter
from collections.abc import Callable
from contextvars import Context, ContextVar
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from tests.simulation.chance import Choices
from tests.simulation.loop import ACTOR, Actor, VirtualLoop
from tests.simulation.storage.errors import Silence, StorageFault

T = TypeVar("T")

SENDER: ContextVar[Actor | None] = ContextVar("sender", default=None)
"""Whose request the server is at. The request carries no ACTOR, as it arrives whatever becomes of its sender."""

LATEST = 25.0
"""No call arrives later than this many seconds."""
USUAL = ("usual", 0.004, 0.004)
HARMLESS = ("usual", "jitter")
LEASE_CALLS = ("receive", "renew", "give back", "delete")
"""Only a disturbance of these can cost a lease. Renewals wait for no other call."""


@dataclass(frozen=True)
class Weather:
    """How often calls meet a disturbance. With zeros only, the day is calm."""

    jitter: float = 0.0
    slow: float = 0.0
    refused: float = 0.0
    busy: float = 0.0
    """503 without having worked."""
    fails_after: float = 0.0
    """500 after having worked."""
    answer_lost: float = 0.0
    """Worked, but the connection breaks."""
    lost: float = 0.0
    """Never arrives; the caller waits for its timeout."""
    late: float = 0.0
    """Arrives after the caller has given up."""
    sluggish: str = ""
    """One kind of call of which most take seconds."""


class Network:
    """Carries calls to the server, and answers back."""

    def __init__(self, loop: VirtualLoop, choices: Choices) -> None:
        self.loop, self._choices = loop, choices
        self.weather = Weather()
        self.is_down = False
        self.may_leave_rows = False
        """True once a row was inserted late or for a dead node, or a removal had to be tried again."""
        self.fates: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.trace: Callable[[str], None] | None = None
        """Hears of each call, to show a replay."""

    def call(self, name: str, work: Callable[[], T], timeout: float, what: str = "") -> "Future[T]":
        """Begin a call of the current actor. Its future has the answer, or raises StorageFault or Silence."""
        actor = ACTOR.get()
        future: Future[T] = self.loop.create_future()
        fate, there, back = self._fate(actor, name)
        self.calls[name] += 1

        def arrive() -> None:
            self.may_leave_rows |= name == "insert" and actor.is_dead
            self._arrive(fate, back, work, answer)

        def answer(outcome: Any, error: Exception | None) -> None:
            if self.trace:
                shown = f"{error}" if error else str(outcome)[:120]
                self.trace(f"{self.loop.time():9.3f} {actor} {name} {what} ({fate}) -> {shown}")
            if not future.done():
                if error is not None:
                    future.set_exception(error)
                else:
                    future.set_result(outcome)

        server_context = Context()
        server_context.run(SENDER.set, actor)
        self.loop.call_later(there, arrive, context=server_context)
        if fate == "late":
            self.loop.call_later(back, answer, None, Silence("the connection broke"), context=Context())
        elif there + back >= timeout or fate == "lost":
            self.loop.call_later(timeout, answer, None, Silence("timed out"), context=Context())
        return future

    def _fate(self, actor: Actor, name: str) -> tuple[str, float, float]:
        if actor.is_spared:
            return USUAL
        fate, there, back = self._choices.draw(
            f"{actor.name} {name}", list(USUAL), lambda dice: self._drawn(dice, name)
        )
        self.fates[fate] += 1
        self.may_leave_rows |= (name, fate) == ("insert", "late") or (name == "remove" and fate not in HARMLESS)
        if self.is_down or (fate not in HARMLESS and name in LEASE_CALLS):
            actor.last_trouble = self.loop.time()
        return ("refused" if self.is_down else fate), there, back

    def _arrive(self, fate: str, back: float, work: Callable[[], Any], answer: Callable[..., None]) -> None:
        outcome, error = None, None
        if fate == "lost":
            return
        if fate == "refused":
            error = Silence("refused")
        elif fate == "busy":
            error = StorageFault(503, "ServerBusy")
        else:
            try:
                outcome = work()
            except StorageFault as fault:
                error = fault
            if fate == "late":
                return  # the caller has given up
            if fate == "fails_after":
                error = StorageFault(500, "InternalError")
            elif fate == "answer_lost":
                error = Silence("the connection broke")
        self.loop.call_later(back, answer, outcome, error, context=Context())

    def _drawn(self, dice: Random, name: str) -> list[Any]:
        number, (sluggish, *chances) = dice.random(), reversed(vars(self.weather).items())
        if name == sluggish[1] and dice.random() < 0.6:
            return ["sluggish", round(dice.uniform(0, 3), 4), round(dice.uniform(0, 3), 4)]
        for fate, probability in chances:
            number -= probability
            if number < 0:
                return [fate, *_delays(dice, fate)]
        return list(USUAL)


def _delays(dice: Random, fate: str) -> tuple[float, float]:
    """Return the seconds of the way there and of the way back."""
    if fate == "jitter":
        return round(dice.uniform(0, 0.15), 4), round(dice.uniform(0, 0.15), 4)
    if fate == "slow":
        return round(dice.uniform(0, 6), 4), round(dice.uniform(0, 6), 4)
    if fate == "late":
        return round(dice.uniform(5, LATEST), 4), round(dice.uniform(0, 5), 4)
    return USUAL[1], USUAL[2]
