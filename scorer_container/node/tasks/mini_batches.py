"""The mini-batches of a job, read from its manifest, and their files on this machine."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from scorer_container.node.scope import Changes
from scorer_container.node.storage.blobs import Blobs
from shared.contracts.job_spec import JobSpec
from shared.storage.blobs import JOBS_CONTAINER
from shared.storage.manifest import SHARD_FILES, paths_of_shard, shard_name


@dataclass(frozen=True)
class MiniBatch:
    """The files of one `run()`."""

    number: int
    files: Sequence[str]
    """Paths relative to the input, in the order of the manifest."""


@dataclass(frozen=True)
class LocalFile:
    """One input file: where it lies here, or why it could not be fetched."""

    name: str
    """Path relative to the input."""
    path: str = ""
    problem: Exception | None = None


_CACHED_SHARDS = 4


class MiniBatches:
    """Finds the files of mini-batches. It keeps a few shards only, so its memory does not grow with the job."""

    def __init__(self, blobs: Blobs, spec: JobSpec) -> None:
        """`blobs` are those of the workspace's account."""
        self._blobs = blobs
        self._job_id = spec.job_id
        self._work = spec.work
        self._shards: OrderedDict[int, list[str]] = OrderedDict()
        self._reading: set[int] = set()
        self._changes = Changes()

    async def mini_batch(self, number: int) -> MiniBatch:
        """Return the mini-batch of this number; raise StorageError."""
        first, end = self._work.file_range(number)
        files: list[str] = []
        for shard in range(first // SHARD_FILES, (end - 1) // SHARD_FILES + 1):
            start = shard * SHARD_FILES
            files += (await self._shard(shard))[max(0, first - start) : end - start]
        return MiniBatch(number, files)

    async def _shard(self, number: int) -> list[str]:
        """Return the paths of a shard. If several callers want it at the same time, only one of them reads it."""
        await self._changes.until(lambda: number not in self._reading)
        if number not in self._shards:
            self._reading.add(number)
            try:
                content = await self._blobs.read(JOBS_CONTAINER, shard_name(self._job_id, number))
                self._shards[number] = paths_of_shard(content)
            finally:
                self._reading.discard(number)
                self._changes.tell()
        paths = self._shards[number]
        self._shards.move_to_end(number)
        while len(self._shards) > _CACHED_SHARDS:
            self._shards.popitem(last=False)
        return paths
