"""The manifest: the job's input files in their fixed order, in shards of one size.

Position in the manifest is what mini-batches and tasks are made of: file `n` lies in shard `n // SHARD_FILES`.
A shard is UTF-8 text with one JSON string (a path relative to the input) on each line.
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Sequence

from azure.storage.blob import ContainerClient

SHARD_FILES = 5_000
"""Source: the size of a page of List Blobs, so that one page makes one shard."""

_CACHED_SHARDS = 4


def shard_name(job_id: str, shard: int) -> str:
    """Return the blob name of a shard in the container of job internals."""
    return f"{job_id}/manifest/{shard:06}.jsonl"


def write_shard(container: ContainerClient, job_id: str, shard: int, paths: Sequence[str]) -> None:
    """Write one shard. Every shard but the last has SHARD_FILES paths."""
    text = "".join(json.dumps(path, ensure_ascii=False) + "\n" for path in paths)
    container.upload_blob(shard_name(job_id, shard), text.encode(), overwrite=True)


def paths_of_shard(content: bytes) -> list[str]:
    """Return the paths in the content of a shard."""
    # Not `splitlines`: it also ends lines at characters that names of blobs may have, such as U+2028.
    return [json.loads(line) for line in content.decode().split("\n")[:-1]]


class ManifestReader:
    """Reads ranges of a manifest. Caches a few shards only, so its memory does not grow with the job."""

    def __init__(self, read_blob: Callable[[str], bytes], job_id: str) -> None:
        """`read_blob` returns the content of a blob in the container of job internals."""
        self._read_blob = read_blob
        self._job_id = job_id
        self._shards: OrderedDict[int, list[str]] = OrderedDict()

    def paths(self, first: int, end: int) -> list[str]:
        """Return the paths at positions `first` to `end - 1`."""
        found: list[str] = []
        for number in range(first // SHARD_FILES, (end - 1) // SHARD_FILES + 1):
            start = number * SHARD_FILES
            found += self._shard(number)[max(0, first - start) : end - start]
        return found

    def _shard(self, number: int) -> list[str]:
        if number not in self._shards:
            self._shards[number] = paths_of_shard(self._read_blob(shard_name(self._job_id, number)))
            while len(self._shards) > _CACHED_SHARDS:
                self._shards.popitem(last=False)
        self._shards.move_to_end(number)
        return self._shards[number]
