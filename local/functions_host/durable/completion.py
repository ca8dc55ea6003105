"""Small promises with which the replayer waits for tasks; everything happens at once, on one thread."""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence


class Completion:
    """A result that will come, as success or failure; the callbacks of waiters run at once when it does."""

    __slots__ = ("_waiting", "done", "failed")

    def __init__(self) -> None:
        self.done = False
        self.failed = False
        self._waiting: list[Callable[[Completion], None]] = []

    def finish(self, *, failed: bool = False) -> None:
        """Mark it done; the second time is ignored."""
        if self.done:
            return
        self.done, self.failed = True, failed
        waiting, self._waiting = self._waiting, []
        for callback in waiting:
            callback(self)

    def then(self, callback: Callable[["Completion"], None]) -> None:
        """Call back when done, or now if it is already."""
        if self.done:
            callback(self)
        else:
            self._waiting.append(callback)


def finished() -> Completion:
    """Return a completion that is done from the start, for actions that nothing waits for."""
    completion = Completion()
    completion.finish()
    return completion


def when_all(children: Sequence[Completion]) -> Completion:
    """Return a completion that is done with its last child, also after a failure (.NET's `Task.WhenAll`)."""
    whole = Completion()
    open_children = len(children)

    def child_done(_: Completion) -> None:
        nonlocal open_children
        open_children -= 1
        if open_children == 0:
            whole.finish(failed=any(child.failed for child in children))

    for child in children:
        child.then(child_done)
    if not children:
        whole.finish()
    return whole


def when_any(children: Sequence[Completion]) -> Completion:
    """Return a completion that is done with its first child and never fails (.NET's `Task.WhenAny`)."""
    whole = Completion()
    for child in children:
        child.then(lambda _: whole.finish())
    return whole


class ExternalEvents:
    """External events: waiters form a stack, early events a queue; names ignore case."""

    def __init__(self) -> None:
        self._waiters: defaultdict[str, list[Completion]] = defaultdict(list)
        self._early: defaultdict[str, deque[None]] = defaultdict(deque)

    def wait(self, name: str) -> Completion:
        """Return a completion that is done when an event of this name comes, or at once if one came before."""
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
