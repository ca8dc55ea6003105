"""Makes a Parquet file from blocks that were written independently.

A Parquet file is row groups and, at its end, a footer that says where they lie. A node writes the rows of a task as
a block that begins like such a file and ends before the footer; what the footer would say goes to a blob of the job,
with the places of the offsets marked. The merge puts the blocks one after the other, moves the offsets to where each
block now lies and writes one footer: no row is read again, and the file appears in one call like any other output
(shared/storage/ledger.py).

Source: https://parquet.apache.org/docs/file-format/metadata and Thrift's compact protocol.
"""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.errors import ConflictError

MAGIC = b"PAR1"
"""Begins and ends a Parquet file. It also begins each block; readers skip it in all but the first."""

_I64, _LIST, _STRUCT = 0x6, 0x9, 0xC
"""Types of Thrift's compact protocol."""
_NO_COLUMNS = bytes.fromhex("1504191c4806") + b"schema" + bytes.fromhex("150000"), b"\x00"
"""Version 2 and a root without children, for a job without a single row."""

LOST_COLUMNS = "storage lost the job's columns while it ran, and its results now have different ones; run the job again"

RowGroup = Sequence[bytes | int]
"""The footer's words on one row group; a number stands for an offset, counted from the block's first byte."""


@dataclass(frozen=True)
class BlockRowGroups:
    """The part of the footer that describes one task's block."""

    block_id: str
    length: int
    """Bytes of the block."""
    rows: int
    schema: tuple[bytes, bytes]
    """The footer's bytes before and after the counts of rows and row groups; the same for all blocks of a job."""
    row_groups: Sequence[RowGroup]

    def to_line(self) -> bytes:
        """Return one JSON line."""
        groups = [[piece if isinstance(piece, int) else _text(piece) for piece in group] for group in self.row_groups]
        fields = {
            "block": self.block_id,
            "length": self.length,
            "rows": self.rows,
            "schema": [_text(part) for part in self.schema],
            "row_groups": groups,
        }
        return json.dumps(fields).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "BlockRowGroups":
        """Return what `to_line` wrote."""
        fields = json.loads(line)
        before, after = map(base64.b64decode, fields["schema"])
        groups = [
            [piece if isinstance(piece, int) else base64.b64decode(piece) for piece in group]
            for group in fields["row_groups"]
        ]
        return cls(fields["block"], fields["length"], fields["rows"], (before, after), groups)


class FooterBuilder:
    """Makes the footer of a file that consists of the blocks added, in their order."""

    def __init__(self) -> None:
        self._schema = _NO_COLUMNS
        self._position = 0
        self._rows = 0
        self._count = 0
        self._row_groups = bytearray()

    def add(self, block: BlockRowGroups) -> None:
        """Append the next block of the file. Raises ConflictError if its columns differ from those of the others."""
        if not self._position:
            self._schema = block.schema
        if block.schema[0] != self._schema[0]:  # the other part names the writer's version
            raise ConflictError(LOST_COLUMNS)
        for group in block.row_groups:
            for piece in group:
                self._row_groups += piece if isinstance(piece, bytes) else _integer(self._position + piece)
        self._count += len(block.row_groups)
        self._rows += block.rows
        self._position += block.length

    def footer(self) -> bytes:
        """Return the bytes that follow the last block. Without any block, return a whole file without rows."""
        before, after = self._schema
        metadata = b"".join(
            (before, _field(_I64), _integer(self._rows), _field(_LIST), _list(self._count), self._row_groups, after)
        )
        start = b"" if self._position else MAGIC
        return start + metadata + len(metadata).to_bytes(4, "little") + MAGIC


def lines_of(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the lines of a text that comes in pieces."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _field(kind: int) -> bytes:
    """Return the header of the field whose number is one higher than the last field's."""
    return bytes([0x10 | kind])


def _list(count: int) -> bytes:
    """Return the header of a list of structs."""
    return bytes([count << 4 | _STRUCT]) if count < 15 else bytes([0xF0 | _STRUCT]) + _varint(count)


def _integer(value: int) -> bytes:
    return _varint(value << 1 if value >= 0 else (-value << 1) - 1)


def _varint(value: int) -> bytes:
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)
