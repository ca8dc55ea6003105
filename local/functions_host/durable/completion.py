"""Small promises with which the replayer waits for tasks. Everything runs at once, on one thread."""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence


class Completion:
    """A result that comes later, as success or failure. Then the callbacks of its waiters run at once."""

    __slots__ = ("_waiting", "done", "failed")

    def __init__(self) -> None:
        self.done = False
        self.failed = False
        self._waiting: list[Callable[[Completion], None]] = []

    def finish(self, *, failed: bool = False) -> None:
        """Mark it as done. Later calls are ignored."""
        if self.done:
            return
        self.done, self.failed = True, failed
        waiting, self._waiting = self._waiting, []
        for callback in waiting:
            callback(self)

    def then(self, callback: Callable[["Completion"], None]) -> None:
        """Call `callback` once it is done: now if it already is."""
        if self.done:
            callback(self)
        else:
            self._waiting.append(callback)


def finished() -> Completion:
    """Return a completion that is already done, for actions that nothing waits for."""
    completion = Completion()
    completion.finish()
    return completion


def when_all(children: Sequence[Completion]) -> Completion:
    """Return a completion that is done when all children are, even if some failed (.NET's `Task.WhenAll`)."""
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
    """Return a completion that is done when the first child is, and never fails (.NET's `Task.WhenAny`)."""
    whole = Completion()
    for child in children:
        child.then(lambda _: whole.finish())
    return whole


class ExternalEvents:
    """External events. Waiters form a stack, early events a queue. Names are compared without regard to case."""

    def __init__(self) -> None:
        self._waiters: defaultdict[str, list[Completion]] = defaultdict(list)
        self._early: defaultdict[str, deque[None]] = defaultdict(deque)

    def wait(self, name: str) -> Completion:
        """Return a completion that is done when an event of this name comes; at once if one came before."""
        key = name.casefold()
        waiter = Completion()
        self._waiters[key].append(waiter)
        if self._early[key]:
            self._early[key].popleft()
            self.raise_event(name)
        return waiter

    def raise_event(self, name: str) -> None:
        """Give the event to the latest waiter, or keep it for the next one."""
        key = name.casefold()
        if self._waiters[key]:
            self._waiters[key].pop().finish()
        else:
            self._early[key].append(None)
