"""Prepares a job in the background, while the node watches whether the job is still wanted."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from scorer_container.node.cache_room import make_room
from scorer_container.node.node_parts import NodeParts
from scorer_container.node.preparation import PreparedJob, prepare_job
from scorer_container.node.workbench import Workbench
from shared.contracts.job_spec import JobSpec

Result = TypeVar("Result")


class BackgroundPreparation:
    """A running preparation."""

    def __init__(self, spec: JobSpec, node: NodeParts, log: Callable[[str], None], on_done: Callable[[], None]) -> None:
        """Start it; `on_done` is called at the end, from another thread."""
        self._spec = spec
        self._node = node
        self._bench = Workbench(log)
        self._on_done = on_done
        self._future = _in_background(self._prepare, self._end)

    @property
    def is_done(self) -> bool:
        """True when there is a result."""
        return self._future.done()

    def abandon(self) -> None:
        """Cancel it and kill the program that builds an environment."""
        self._bench.end()

    def result(self) -> PreparedJob:
        """Return the job's parts, which stay in the cache until the node prepares another job.

        Raises:
            FatalProblemError: the job cannot be prepared.
        """
        return self._future.result()

    def _prepare(self) -> PreparedJob:
        try:
            prepared = prepare_job(self._spec, self._node.sources, self._node.settings, self._bench)
            self._node.warm.need(self._bench)
        except BaseException:
            self._bench.end()
            raise
        return prepared

    def _end(self) -> None:
        """Evict from the cache only now: the job need not wait for it, and the job before has released its parts."""
        self._on_done()
        settings, log = self._node.settings, self._node.log
        try:
            if self._bench.has_new:
                make_room(settings.cache, settings.cache_bytes, log)
        except OSError as error:
            log(f"the cache could not be tidied up: {error}")


def _in_background(work: Callable[[], Result], on_done: Callable[[], None]) -> "Future[Result]":
    """Do `work` in a thread that nobody has to wait for: building an environment may take minutes."""
    future: Future[Result] = Future()
    future.add_done_callback(lambda _: on_done())

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # the caller of `result()` gets it
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, name="background", daemon=True).start()
    return future
