"""Takes the footer of a Parquet file apart, so that its row groups can be moved.

Nothing is decoded that need not be: the bytes are scanned for the places where offsets stand (Thrift's compact
protocol; the fields are those of parquet.thrift).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from shared.storage.row_groups import MAGIC, RowGroup

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_VARINTS = {_I16, _I32, _I64}
_FIXED = {_TRUE: 0, _FALSE: 0, _BYTE: 1, _DOUBLE: 8}

_SCHEMA, _NUM_ROWS, _ROW_GROUPS = 2, 3, 4
"""Fields of FileMetaData."""

Offsets = Mapping[int, "Offsets | None"]
_ROW_GROUP_OFFSETS: Offsets = {
    1: {  # columns
        2: None,  # file_offset
        3: {9: None, 10: None, 11: None, 14: None},  # meta_data: pages, index page, dictionary page, bloom filter
        4: None,  # offset_index_offset
        6: None,  # column_index_offset
    },
    5: None,  # file_offset
}
"""Fields of RowGroup, and of the structs in it, that hold an offset."""


@dataclass(frozen=True)
class Footer:
    """The parts of a footer."""

    schema: tuple[bytes, bytes]
    row_groups: list[RowGroup]
    start: int
    """Where it begins in the file."""


def read_footer(file: BinaryIO, length: int) -> Footer:
    """The footer of a whole Parquet file of `length` bytes."""
    file.seek(length - 8)
    size = int.from_bytes(file.read(4), "little")
    assert file.read(4) == MAGIC, "the writer has closed the file"
    start = length - 8 - size
    file.seek(start)
    data = file.read(size)
    fields = {field.number: field for field in _Scanner(data).fields(0)}
    rows, groups = fields[_NUM_ROWS], fields[_ROW_GROUPS]
    assert (rows.header, groups.header) == (fields[_SCHEMA].end, rows.end), "the fields stand in order"
    return Footer((data[: rows.header], data[groups.end :]), _row_groups(data, groups.value), start)


@dataclass(frozen=True)
class _Field:
    number: int
    kind: int
    header: int
    value: int
    end: int


class _Scanner:
    """Finds its way through a struct."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def fields(self, position: int) -> Iterator[_Field]:
        """The fields of the struct at `position`."""
        number = 0
        while head := self._data[position]:
            value = position + 1
            if head >> 4:
                number += head >> 4
            else:
                coded, value = self.varint(value)
                number = _signed(coded)
            end = self.end(head & 0xF, value)
            yield _Field(number, head & 0xF, position, value, end)
            position = end

    def elements(self, position: int) -> tuple[int, int, int]:
        """Number and kind of the elements of the list at `position`, and where the first one begins."""
        head = self._data[position]
        if head >> 4 < 15:
            return head >> 4, head & 0xF, position + 1
        count, first = self.varint(position + 1)
        return count, head & 0xF, first

    def end(self, kind: int, position: int, *, in_list: bool = False) -> int:
        """Where the value of this kind at `position` ends."""
        if kind in _VARINTS:
            return self.varint(position)[1]
        if kind == _BINARY:
            length, first = self.varint(position)
            return first + length
        if kind in {_LIST, _SET}:
            count, element, position = self.elements(position)
            for _ in range(count):
                position = self.end(element, position, in_list=True)
            return position
        if kind == _STRUCT:
            for field in self.fields(position):
                position = field.end
            return position + 1
        if in_list and kind in {_TRUE, _FALSE}:
            return position + 1
        return position + _FIXED[kind]

    def varint(self, position: int) -> tuple[int, int]:
        """The number at `position`, and where it ends."""
        value = shift = 0
        while True:
            byte = self._data[position]
            position += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, position
            shift += 7


def _row_groups(data: bytes, position: int) -> list[RowGroup]:
    scanner = _Scanner(data)
    count, _, position = scanner.elements(position)
    groups = list[RowGroup]()
    for _ in range(count):
        end = scanner.end(_STRUCT, position)
        groups.append(_pieces(data, position, end, sorted(_offsets(scanner, position, _ROW_GROUP_OFFSETS))))
        position = end
    return groups


def _offsets(scanner: _Scanner, position: int, wanted: Offsets) -> Iterator[tuple[int, int, int]]:
    """Where offsets stand in the struct at `position`: start, end and value. 0 stands for none."""
    for field in scanner.fields(position):
        if field.number not in wanted:
            continue
        inner = wanted[field.number]
        if inner is None:
            value = _signed(scanner.varint(field.value)[0])
            if value:
                yield field.value, field.end, value
        elif field.kind == _LIST:
            count, kind, first = scanner.elements(field.value)
            for _ in range(count):
                yield from _offsets(scanner, first, inner)
                first = scanner.end(kind, first)
        else:
            yield from _offsets(scanner, field.value, inner)


def _pieces(data: bytes, start: int, end: int, offsets: list[tuple[int, int, int]]) -> RowGroup:
    pieces = list[bytes | int]()
    for first, after, value in offsets:
        pieces += [data[start:first], value]
        start = after
    return [*pieces, data[start:end]]


def _signed(coded: int) -> int:
    return coded >> 1 ^ -(coded & 1)
