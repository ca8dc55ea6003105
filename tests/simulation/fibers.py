"""Plain blocking code on the virtual clock: it runs in a thread of its own, which waits whenever the code waits.

Only one thread runs at any time, so the order of events stays deterministic.
"""

import threading
from collections.abc import Callable
from contextvars import Context
from typing import Any, ClassVar

Ended = Callable[[Any, BaseException | None], None]


class AbandonedError(BaseException):
    """The world has ended while the code was waiting."""


class Fiber:
    """One call of a blocking function."""

    current: ClassVar["Fiber | None"] = None
    """The fiber that runs now; None while the event loop's own thread runs."""

    def __init__(self, context: Context, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self._work = lambda: context.run(function, *args)
        self.wake_context = context.copy()
        """For callbacks that resume the function: its own context is in use until it ends."""
        self._thread: _Thread | None = None
        self._ended: Ended = lambda *_: None
        self._is_abandoned = False

    def start(self, ended: Ended) -> None:
        """Run until the function waits or ends. `ended` gets its result or its exception."""
        self._ended = ended
        self._thread = _Thread.idle.pop() if _Thread.idle else _Thread()
        self._thread.fiber = self
        self.resume()

    def resume(self) -> None:
        """Go on, in the thread of the event loop: until the function waits again or ends."""
        thread = self._thread
        if thread is None:
            return
        before, Fiber.current = Fiber.current, self
        thread.go.release()
        thread.back.acquire()
        Fiber.current = before
        if thread.outcome is not None:
            (result, error), thread.outcome, self._thread = thread.outcome, None, None
            _Thread.idle.append(thread)
            self._ended(result, error)

    def wait(self) -> None:
        """Wait for `resume()`, in the function's own thread."""
        thread = self._thread
        assert thread is not None
        if not self._is_abandoned:
            thread.back.release()
            thread.go.acquire()
        if self._is_abandoned:
            raise AbandonedError

    def abandon(self) -> None:
        """End the function where it waits, without its result."""
        self._is_abandoned = True
        self._ended = lambda *_: None
        if self._thread is not None:
            self.resume()

    def work(self) -> Any:
        """Call the function."""
        return self._work()


class _Thread:
    """A thread that runs one fiber after the other."""

    idle: ClassVar[list["_Thread"]] = []

    def __init__(self) -> None:
        self.fiber: Fiber | None = None
        self.outcome: tuple[Any, BaseException | None] | None = None
        self.go, self.back = _closed_lock(), _closed_lock()
        threading.Thread(target=self._run, name="fiber", daemon=True).start()

    def _run(self) -> None:
        while True:
            self.go.acquire()
            assert self.fiber is not None
            try:
                self.outcome = (self.fiber.work(), None)
            except BaseException as error:
                self.outcome = (None, error)
            self.fiber = None
            self.back.release()


def _closed_lock() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock
