"""An event loop whose clock jumps to the next timer, so that tests of seconds and minutes take no time."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Never waits. It runs what belongs into a thread at once, and fails when everything waits for ever."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 1000.0
        select = self._selector.select

        def jump(timeout: float | None = None) -> list[Any]:
            events = select(0)
            if not events and timeout is None:
                raise AssertionError("everything waits for ever")
            if not events and timeout:
                self._now += timeout
            return events

        self._selector.select = jump

    def time(self) -> float:
        return self._now

    def pause(self, seconds: float) -> None:
        """Let the machine stand still: time passes and nothing runs."""
        self._now += seconds

    def run_in_executor(self, _executor: Any, function: Callable[..., T], *args: Any) -> "asyncio.Future[T]":
        future = self.create_future()
        try:
            future.set_result(function(*args))
        except Exception as error:
            future.set_exception(error)
        return future


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on a loop of its own; what is left over is canceled."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


def loop() -> VirtualLoop:
    running = asyncio.get_running_loop()
    assert isinstance(running, VirtualLoop)
    return running
