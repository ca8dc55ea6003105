"""The blocks of a CSV file, which stand under a header."""

import asyncio
from dataclasses import replace
from typing import BinaryIO

from scorer_container.node.storage.blobs import Blobs
from scorer_container.node.tasks.columns import ColumnsClaim
from scorer_container.node.tasks.scored import ScoredTask
from shared.contracts.job_spec import OutputSpec
from shared.storage.ledger import TaskBlock
from shared.storage.output_ledger import header_block, header_digest, header_line

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
