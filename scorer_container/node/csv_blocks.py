"""The blocks of a job whose output is a CSV file."""

import time
from dataclasses import replace
from typing import BinaryIO

from scorer_container.node.columns_claim import ColumnsClaim
from scorer_container.node.work import HeldTask
from shared.contracts.job_spec import OutputSpec
from shared.storage.hot_path.blobs import HotBlobs
from shared.storage.ledger import TaskBlock
from shared.storage.output_ledger import header_block, header_digest, header_line

_AGAIN_AFTER_SECONDS = 2.0
"""A header that storage lost comes back with the next task after this; tasks that lack it are scored again later."""


class CsvBlocks:
    """Makes the block of a task, and stages the header that its rows stand under."""

    def __init__(self, blobs: HotBlobs, output: OutputSpec, columns: ColumnsClaim) -> None:
        """`blobs` are those of the output's account."""
        self._blobs = blobs
        self._output = output
        self._columns = columns
        self._staged_at = float("-inf")

    def stage(self, task: HeldTask) -> tuple[TaskBlock, BinaryIO]:
        """The tally and the content of the block, for the caller to stage; raises HotPathError."""
        header = header_line(self._columns.agreed()["columns"])
        digest = header_digest(header)
        if header and time.monotonic() - self._staged_at > _AGAIN_AFTER_SECONDS:
            self._stage(header_block(digest), header)
        return replace(task.block, digest=digest), task.result.output

    def _stage(self, block_id: str, header: bytes) -> None:
        self._blobs.stage_block(self._output.folder.container, self._output.file_path, block_id, header)
        self._staged_at = time.monotonic()
