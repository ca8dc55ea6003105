"""Every decision of chance in a world, in one place, so that it can be recorded and replayed."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")

Events = list[tuple[float, str, Any]]
"""Time, place and value of each decision that was not the usual one. The values are plain JSON."""


class Choices:
    """Draws decisions, from a seed or from a recording.

    A decision is known by its place and by how often that place was asked (`node-1/1 receive 7`). A recording therefore
    still means the same after most changes of the code.
    """

    def __init__(self, seed: int = 0, script: Mapping[str, Any] | None = None) -> None:
        """Draw from `seed`; with a `script`, take its values and the usual ones instead."""
        self._random = random.Random(seed)
        self._script = script
        self._asked: Counter[str] = Counter()
        self.events: Events = []
        self.clock: Callable[[], float] = lambda: 0.0

    @classmethod
    def recorded(cls, events: Events) -> "Choices":
        """Return the choices of an earlier run."""
        return cls(script={key: value for _, key, value in events})

    def draw(self, place: str, usual: T, decide: Callable[[random.Random], T]) -> T:
        """Return what `decide` says, or what was recorded for this place. `usual` is what an undisturbed world has."""
        self._asked[place] += 1
        key = f"{place} {self._asked[place]}"
        if self._script is not None:
            return self._script.get(key, usual)  # type: ignore[no-any-return]
        value = decide(self._random)
        if value != usual:
            self.events.append((round(self.clock(), 3), key, value))
        return value

    def chance(self, place: str, probability: float) -> bool:
        """Return True with this probability. The usual value is False."""
        return self.draw(place, False, lambda dice: dice.random() < probability)

    def order(self, batch: list[Any]) -> None:
        """Sometimes put a batch in another order."""
        number = self.draw("order", 0, lambda dice: dice.randrange(1, 1 << 16) if dice.random() < 0.1 else 0)
        if number:
            random.Random(number).shuffle(batch)
