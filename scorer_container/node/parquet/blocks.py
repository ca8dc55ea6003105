"""The blocks of a job whose output is a Parquet file."""

from dataclasses import replace
from typing import BinaryIO

from scorer_container.node.columns_claim import ColumnsClaim
from scorer_container.node.parquet.encoding import parquet_block
from scorer_container.node.work import HeldTask
from shared.storage.blobs import JOBS_CONTAINER, row_groups_name
from shared.storage.hot_path.blobs import HotBlobs
from shared.storage.ledger import TaskBlock
from shared.storage.row_groups import BlockRowGroups


class ParquetBlocks:
    """Makes the block of a task, and stages what the merge must know of it."""

    def __init__(self, blobs: HotBlobs, job_id: str, columns: ColumnsClaim) -> None:
        """`blobs` are those of the workspace's own account."""
        self._blobs = blobs
        self._name = row_groups_name(job_id)
        self._columns = columns

    def stage(self, task: HeldTask) -> tuple[TaskBlock, BinaryIO]:
        """The tally and the content of the block, for the caller to stage; raises HotPathError."""
        agreed = self._columns.agreed()
        made = parquet_block(task.result.lines(), agreed["columns"], agreed["types"])
        block = replace(task.block, digest=made.digest)
        footer = made.footer
        line = BlockRowGroups(block.block_id, made.length, block.rows, footer.schema, footer.row_groups).to_line()
        self._blobs.stage_block(JOBS_CONTAINER, self._name, block.block_id, line)
        return block, made.content
