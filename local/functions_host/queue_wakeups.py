"""Lets an output binding wake the listener of the same queue, so that it need not wait for its next look."""

from __future__ import annotations

import asyncio

from local.functions_host.queue_names import QueueAddress


class QueueWakeUps:
    """One event for each queue that somebody listens to."""

    def __init__(self) -> None:
        self._events: dict[QueueAddress, list[asyncio.Event]] = {}

    def register(self, address: QueueAddress) -> asyncio.Event:
        """The event that is set when the host puts a message on `address`."""
        event = asyncio.Event()
        self._events.setdefault(address, []).append(event)
        return event

    def notify(self, address: QueueAddress) -> None:
        """Wake who listens to `address`."""
        for event in self._events.get(address, ()):
            event.set()
