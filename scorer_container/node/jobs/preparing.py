"""Prepares a job while the node keeps its leases, and tidies up the machine's cache afterwards."""

import asyncio
import threading
from collections.abc import Callable

from scorer_container.node.cache.room import FoldersInUse, make_room
from scorer_container.node.environments.build_session import BuildSession
from scorer_container.node.jobs.preparation import PreparedJob, prepare_job
from scorer_container.node.processes.warm import WarmProcesses
from scorer_container.node.scope import in_thread
from scorer_container.node.settings import NodeSettings
from scorer_container.node.storage.sources import Sources
from shared.contracts.job_spec import JobSpec

Log = Callable[[str], None]


class _TidyingEndedError(Exception):
    """Nobody waits for the tidying any more."""


async def prepare(
    spec: JobSpec, sources: Sources, settings: NodeSettings, warm: WarmProcesses, log: Log
) -> PreparedJob:
    """Return the job's parts, which stay in the cache until the node prepares another job.

    Raise FatalProblemError if the job cannot be prepared. A cancellation kills the program that builds an environment.
    """
    folders = FoldersInUse()
    try:
        prepared = await prepare_job(spec, sources, settings, BuildSession(_from_threads(log), folders))
    except BaseException:
        folders.release()
        raise
    warm.need(folders)
    return prepared


async def tidy_cache(settings: NodeSettings, log: Log) -> None:
    """Evict from the cache what is too much. The job need not wait: the one before has released its parts already."""
    is_stopped = threading.Event()

    def check() -> None:
        if is_stopped.is_set():
            raise _TidyingEndedError

    try:
        room = (settings.cache, settings.cache_bytes, _from_threads(log), check)
        await in_thread(make_room, *room, stop=is_stopped.set)
    except OSError as error:
        log(f"the cache could not be tidied up: {error}")


def _from_threads(log: Log) -> Log:
    """Return a log that other threads may call, too; `log` itself belongs to the event loop."""
    loop = asyncio.get_running_loop()

    def line(text: str) -> None:
        loop.call_soon_threadsafe(log, text)

    return line
