"""The blocks of a job whose output is a Parquet file."""

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

import pyarrow as pa
from pyarrow import parquet

from scorer_container.node.parquet.arrow_types import arrow_arrays, arrow_schema
from scorer_container.node.parquet.footer import Footer, read_footer
from scorer_container.node.scope import in_thread
from scorer_container.node.storage.blobs import Blobs
from scorer_container.node.tasks.columns import ColumnsClaim
from scorer_container.node.tasks.scored import ScoredTask
from shared.storage.blobs import JOBS_CONTAINER, row_groups_name
from shared.storage.ledger import TaskBlock
from shared.storage.row_groups import BlockRowGroups

_SPOOL_BYTES = 4 << 20
_ROW_GROUP_BYTES = 64 << 20
"""Bytes in memory; rows of a task beyond that make a further row group."""
_HASH_CHUNK = 1 << 20


class ParquetBlocks:
    """Makes the block of a task and stages what the merge must know about it."""

    def __init__(self, blobs: Blobs, job_id: str, columns: ColumnsClaim) -> None:
        """`blobs` is the client of the workspace's own account."""
        self._blobs = blobs
        self._name = row_groups_name(job_id)
        self._columns = columns

    async def stage(self, task: ScoredTask) -> tuple[TaskBlock, BinaryIO]:
        """Return the tally and the content of the block for the caller to stage; raise StorageError."""
        agreed = await self._columns.agreed()
        made = await in_thread(parquet_block, task.result.lines(), agreed["columns"], agreed["types"])
        block = replace(task.block, digest=made.digest)
        footer = made.footer
        line = BlockRowGroups(block.block_id, made.length, block.rows, footer.schema, footer.row_groups).to_line()
        try:
            await self._blobs.stage_block(JOBS_CONTAINER, self._name, block.block_id, line)
        except BaseException:
            made.content.close()
            raise
        return block, made.content


@dataclass(frozen=True)
class ParquetBlock:
    """Rows of one task as Parquet, without a footer."""

    content: BinaryIO
    """The caller closes it after sending it."""
    length: int
    digest: str
    """Hash of the content: eight hexadecimal digits."""
    footer: Footer


def parquet_block(results: Iterable[bytes], columns: Sequence[str], types: Sequence[str]) -> ParquetBlock:
    """Return the block of a task from the lines that its results came as (driver/results/typed_rows.py)."""
    schema = arrow_schema(columns, types)
    content = cast(BinaryIO, tempfile.SpooledTemporaryFile(_SPOOL_BYTES))  # noqa: SIM115 (the sender closes it)
    with parquet.ParquetWriter(content, schema, store_schema=False) as writer:
        for table in _tables(results, schema, types):
            writer.write_table(table, row_group_size=table.num_rows)
    footer = read_footer(content, content.seek(0, 2))
    content.truncate(footer.start)
    return ParquetBlock(content, footer.start, _digest(content), footer)


def _tables(results: Iterable[bytes], schema: pa.Schema, types: Sequence[str]) -> Iterator[pa.Table]:
    """Yield the rows in tables of one row group each."""
    batches, size = list[pa.RecordBatch](), 0
    for line in results:
        batches.append(pa.record_batch(arrow_arrays(json.loads(line), types), schema=schema))
        size += batches[-1].nbytes
        if size >= _ROW_GROUP_BYTES:
            yield pa.Table.from_batches(batches)
            batches, size = [], 0
    if batches:
        yield pa.Table.from_batches(batches)


def _digest(content: BinaryIO) -> str:
    content.seek(0)
    digest = hashlib.blake2b(digest_size=4)
    while chunk := content.read(_HASH_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
