"""Everything that one scope holds: it is renewed while the scope lasts, and handed back when the scope ends."""

import asyncio
from collections.abc import Iterator
from typing import Any

from scorer_container.node.held import HeldMessage, Lease
from scorer_container.node.scope import Changes, Scope, all_within


class InHand:
    """Everything that one scope holds."""

    def __init__(self, lease_seconds: int) -> None:
        self._lease_seconds = lease_seconds
        self._held: dict[HeldMessage, None] = {}
        self.changes = Changes()

    def add(self, held: HeldMessage) -> None:
        """Hold a message: in the step that brings the answer, before anything else can happen."""
        self._held[held] = None
        self.changes.tell()

    def drop(self, held: HeldMessage) -> None:
        """Let go of a message that was acknowledged or is worth nothing any more."""
        self._held.pop(held, None)
        self.changes.tell()

    def __iter__(self) -> Iterator[HeldMessage]:
        return iter(list(self._held))

    def __len__(self) -> int:
        return len(self._held)

    async def keep(self, scope: Scope[Any]) -> None:
        """Renew all leases for ever. Each has an activity of its own: a call that hangs costs no other lease."""
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            for held in self:
                if held.lease is Lease.HELD and not held.is_busy:
                    scope.start(held.renew)

    async def hand_back(self, seconds: float) -> None:
        """Give everything back at once, within `seconds`."""
        await all_within(seconds, *(held.give_back() for held in self))
        for held in self:
            self.drop(held)
