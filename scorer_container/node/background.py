"""Work that may be abandoned."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")


def in_background(work: Callable[[], Result], on_done: Callable[[], None]) -> "Future[Result]":
    """Do `work` in a thread that nobody has to wait for (building an environment may take minutes)."""
    future: Future[Result] = Future()
    future.add_done_callback(lambda _: on_done())

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # handed to whoever asks for the result
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, name="background", daemon=True).start()
    return future
