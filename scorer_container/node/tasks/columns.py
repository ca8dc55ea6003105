"""The columns that all results of a job share, and the blocks of a CSV file, which stand under them as its header."""

import asyncio
import json
from dataclasses import replace
from typing import Any, BinaryIO

from scorer_container.node.storage.blobs import Blobs
from scorer_container.node.storage.errors import StorageConflictError
from scorer_container.node.tasks.scored import ScoredTask
from shared.contracts.job_spec import OutputSpec
from shared.storage.blobs import JOBS_CONTAINER, columns_name
from shared.storage.ledger import TaskBlock
from shared.storage.output_ledger import header_block, header_digest, header_line

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


_AGAIN_AFTER_SECONDS = 2.0
"""After this, the next task stages the header again, in case storage lost it; tasks without it are scored again."""


class CsvBlocks:
    """Makes the block of a task of a CSV file and stages the header for its rows."""

    def __init__(self, blobs: Blobs, output: OutputSpec, columns: ColumnsClaim) -> None:
        """`blobs` is the client of the output's account."""
        self._blobs = blobs
        self._output = output
        self._columns = columns
        self._staged_at = float("-inf")

    async def stage(self, task: ScoredTask) -> tuple[TaskBlock, BinaryIO]:
        """Return the tally and the content of the block for the caller to stage; raise StorageError."""
        header = header_line((await self._columns.agreed())["columns"])
        digest = header_digest(header)
        if header and asyncio.get_running_loop().time() - self._staged_at > _AGAIN_AFTER_SECONDS:
            await self._stage(header_block(digest), header)
        return replace(task.block, digest=digest), task.result.output

    async def _stage(self, block_id: str, header: bytes) -> None:
        await self._blobs.stage_block(self._output.folder.container, self._output.file_path, block_id, header)
        self._staged_at = asyncio.get_running_loop().time()
