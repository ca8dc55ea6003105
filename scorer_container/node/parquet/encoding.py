"""The rows of a task as a Parquet block."""

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast

import pyarrow as pa
from pyarrow import parquet

from scorer_container.node.parquet.arrow_types import arrow_arrays, arrow_schema
from scorer_container.node.parquet.footer import Footer, read_footer

_SPOOL_BYTES = 4 << 20
_ROW_GROUP_BYTES = 64 << 20
"""In memory; rows of a task beyond that make a further row group."""
_HASH_CHUNK = 1 << 20


@dataclass(frozen=True)
class ParquetBlock:
    """What a task's block is made of."""

    content: BinaryIO
    """Close it when it was sent."""
    length: int
    digest: str
    """Eight hexadecimal digits, made from the content."""
    footer: Footer


def parquet_block(results: Iterable[bytes], columns: Sequence[str], types: Sequence[str]) -> ParquetBlock:
    """The block of a task whose results came as these lines (driver/results/typed_rows.py)."""
    schema = arrow_schema(columns, types)
    content = cast(BinaryIO, tempfile.SpooledTemporaryFile(_SPOOL_BYTES))  # noqa: SIM115 (closed by who sent it)
    with parquet.ParquetWriter(content, schema, store_schema=False) as writer:
        for table in _tables(results, schema, types):
            writer.write_table(table, row_group_size=table.num_rows)
    footer = read_footer(content, content.seek(0, 2))
    content.truncate(footer.start)
    return ParquetBlock(content, footer.start, _digest(content), footer)


def _tables(results: Iterable[bytes], schema: pa.Schema, types: Sequence[str]) -> Iterator[pa.Table]:
    """The rows in portions of one row group each."""
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
