"""Makes a job's parts ready while the node goes on watching whether the job is wanted."""

from collections.abc import Callable

from scorer_container.node.background import in_background
from scorer_container.node.cache_room import make_room
from scorer_container.node.node_parts import NodeParts
from scorer_container.node.preparation import PreparedJob, prepare_job
from scorer_container.node.workbench import Workbench
from shared.contracts.job_spec import JobSpec


class BackgroundPreparation:
    """A preparation that has begun."""

    def __init__(self, spec: JobSpec, node: NodeParts, log: Callable[[str], None], on_done: Callable[[], None]) -> None:
        """Begin; `on_done` is called at the end, from another thread."""
        self._node = node
        self._bench = Workbench(log)
        self._future = in_background(lambda: prepare_job(spec, node.sources, node.settings, self._bench), on_done)

    @property
    def is_done(self) -> bool:
        """Whether there is a result."""
        return self._future.done()

    def abandon(self) -> None:
        """End it: a program that builds an environment is killed."""
        self._bench.end()

    def result(self) -> PreparedJob:
        """The job's parts, which stay in the cache until the node prepares another job; raises FatalProblemError."""
        try:
            prepared = self._future.result()
        except BaseException:
            self._bench.end()
            raise
        finally:
            if self._bench.has_new:
                in_background(self._make_room, lambda: None)
        self._node.warm.need(self._bench)
        return prepared

    def _make_room(self) -> None:
        settings, log = self._node.settings, self._node.log
        try:
            make_room(settings.cache, settings.cache_bytes, log)
        except OSError as error:
            log(f"the cache could not be tidied up: {error}")
