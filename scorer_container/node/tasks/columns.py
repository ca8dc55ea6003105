"""The columns that all results of a job share. The first result claims them (shared/storage/blobs.py)."""

import json
from typing import Any

from scorer_container.node.storage.blobs import Blobs
from scorer_container.node.storage.errors import StorageConflictError
from shared.storage.blobs import JOBS_CONTAINER, columns_name

Columns = dict[str, Any]
"""`columns`: the names, or None without names; `types`: only if the output has types."""


class ColumnsClaim:
    """Claims the job's columns once; later callers get the first claim. Storage decides between several at a time."""

    def __init__(self, blobs: Blobs, job_id: str) -> None:
        """`blobs` is the client of the workspace's own account."""
        self._blobs = blobs
        self._name = columns_name(job_id)
        self._agreed: Columns | None = None

    async def agree(self, proposed: Columns) -> Columns:
        """Return the job's columns: `proposed` unless others were claimed before. Raise StorageError."""
        if self._agreed is None:
            self._agreed = await self._claimed(proposed)
        return self._agreed

    async def agreed(self) -> Columns:
        """Return the job's columns, which a first result has claimed; raise StorageError."""
        if self._agreed is None:
            self._agreed = await self._read()
        return self._agreed

    async def _claimed(self, proposed: Columns) -> Columns:
        try:
            await self._blobs.put(JOBS_CONTAINER, self._name, json.dumps(proposed).encode(), only_if_missing=True)
        except StorageConflictError:
            return await self._read()
        return proposed

    async def _read(self) -> Columns:
        columns: Columns = json.loads(await self._blobs.read(JOBS_CONTAINER, self._name))
        return columns
