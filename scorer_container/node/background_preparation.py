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
        self._spec = spec
        self._node = node
        self._bench = Workbench(log)
        self._on_done = on_done
        self._future = in_background(self._prepare, self._end)

    @property
    def is_done(self) -> bool:
        """Whether there is a result."""
        return self._future.done()

    def abandon(self) -> None:
        """End it: a program that builds an environment is killed."""
        self._bench.end()

    def result(self) -> PreparedJob:
        """The job's parts, which stay in the cache until the node prepares another job; raises FatalProblemError."""
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
        """Tidy up only now: the job need not wait for it, and what the job before used has been let go."""
        self._on_done()
        settings, log = self._node.settings, self._node.log
        try:
            if self._bench.has_new:
                make_room(settings.cache, settings.cache_bytes, log)
        except OSError as error:
            log(f"the cache could not be tidied up: {error}")
