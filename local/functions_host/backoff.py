"""How long a queue listener waits before it looks at an empty queue again."""

from __future__ import annotations

import random

MINIMUM_SECONDS = 0.1


class RandomizedBackoff:
    """Doubles the pause, with a fifth of chance either way, from 100 ms up to a maximum."""

    def __init__(self, maximum: float) -> None:
        self._maximum = maximum
        self._exponent = 0

    def reset(self) -> None:
        """Begin again with the shortest pause: there was a message."""
        self._exponent = 0

    def next(self) -> float:
        """Seconds to wait now."""
        if self._exponent > 30:  # far above any maximum
            return self._maximum
        pause = MINIMUM_SECONDS * 2.0**self._exponent * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, no secret
        self._exponent += 1
        return min(pause, self._maximum)
