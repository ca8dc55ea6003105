"""Matching of external events with the places in an orchestration that wait for them."""

from collections import defaultdict, deque

from local.functions_host.durable.completion import Completion


class ExternalEvents:
    """Waiters are a stack, early events a queue, names are compared without regard to case."""

    def __init__(self) -> None:
        self._waiters: defaultdict[str, list[Completion]] = defaultdict(list)
        self._early: defaultdict[str, deque[None]] = defaultdict(deque)

    def wait(self, name: str) -> Completion:
        """Done when an event of this name comes, at once when one came before anybody waited."""
        key = name.casefold()
        waiter = Completion()
        self._waiters[key].append(waiter)
        if self._early[key]:
            self._early[key].popleft()
            self.raise_event(name)
        return waiter

    def raise_event(self, name: str) -> None:
        """Serve the waiter that came last, or keep the event for the first one to come."""
        key = name.casefold()
        if self._waiters[key]:
            self._waiters[key].pop().finish()
        else:
            self._early[key].append(None)
