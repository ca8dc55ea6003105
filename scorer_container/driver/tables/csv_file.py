"""The rows of a CSV file as they are written, before they get types."""

import codecs
import csv
import gzip
import io
import sys
from typing import Any, Iterator, List, TextIO

from ..values.failures import TableError

NUL_FOUND = "the file holds NUL characters; write it as UTF-8 text without them"
_CHUNK = 1 << 18


class Watched(io.BufferedReader):
    """Bytes of a file, with an eye on two that matter."""

    has_quotes = False
    has_zeros = False
    """True after a NUL character was read."""

    def read1(self, size: int = -1) -> bytes:
        """The next bytes; empty at the end."""
        data = super(Watched, self).read1(max(size, _CHUNK))
        self.has_quotes = self.has_quotes or b'"' in data
        self.has_zeros = self.has_zeros or b"\0" in data
        return data


class CsvFile:
    """A CSV file in UTF-8, compressed by gzip or not: its header, and checks of its rows."""

    def __init__(self, path: str) -> None:
        """Read the header of the file at `path`; raises TableError when the file has none."""
        csv.field_size_limit(sys.maxsize)  # the length of a text is the user's matter
        self._path = path
        with self._open() as text:
            records = (record for record in _records(text) if record)
            self.header = next(records, [])
            self.first = next(records, [])
        if not self.header:
            raise TableError("the file is empty; the first line of a CSV file names its columns")

    @property
    def fields(self) -> int:
        """The most fields that the header or the first row has."""
        return max(len(self.header), len(self.first))

    @property
    def named(self) -> int:
        """The columns up to the last one that has a name: commas at the end of the header name none."""
        return max([1] + [position + 1 for position, name in enumerate(self.header) if name])

    @property
    def skips_blank_lines(self) -> bool:
        """A blank line is no row, except in a file of one column, where it is the row of a missing value."""
        return self.fields > 1

    def names(self) -> List[Any]:
        """The names of the columns as pandas gives them: `a.1` for a second `a`, `Unnamed: 1` for an empty one."""
        if all(self.header) and len(set(self.header)) == len(self.header):
            return list(self.header)
        import pandas

        line = io.StringIO()
        csv.writer(line).writerow(self.header)
        return list(pandas.read_csv(io.StringIO(line.getvalue()), nrows=0, index_col=False).columns)

    def rows(self) -> io.TextIOWrapper:
        """The text below the header; its `buffer` is a Watched, which has seen the header, too."""
        text = self._open()
        for record in csv.reader(text):
            if record:
                break
        return text

    def commas(self) -> int:
        """How many commas the file has, those of the header among them."""
        with self._open() as text:
            return sum(chunk.count(",") for chunk in iter(lambda: text.read(_CHUNK), ""))

    def check_rows(self) -> int:
        """Return the most fields of a row; raise TableError for a row with more or fewer than the header has.

        Empty fields behind the last named column do not count: many programs end a line with a comma. A quoted field
        with a lone quote inside is refused as well: nobody knows what its writer meant.
        """
        most = self.fields
        with self._open() as text:
            records = _records(text)
            next(record for record in records if record)
            for row, record in enumerate(self._without_blanks(records)):
                if len(record) < self.named or any(record[len(self.header) :]):
                    raise TableError(
                        "row {} (counted from 0) has {} instead of {} fields; quote fields that hold commas or line "
                        "breaks, and write an empty field for a missing value".format(row, len(record), self.named)
                    )
                most = max(most, len(record))
        return most

    def _without_blanks(self, records: Iterator[List[str]]) -> Iterator[List[str]]:
        for record in records:
            if not self.skips_blank_lines:
                yield record or [""]
            elif record and not (len(record) == 1 and record[0].isspace()):
                yield record

    def _open(self) -> io.TextIOWrapper:
        with open(self._path, "rb") as file:
            compressed = file.read(2) == b"\x1f\x8b"
        raw: Any = gzip.GzipFile(self._path) if compressed else io.FileIO(self._path)
        content = Watched(raw, _CHUNK)
        if content.peek(3)[:3] == codecs.BOM_UTF8:
            content.read(3)
        return io.TextIOWrapper(content, encoding="utf-8", newline="")  # `utf-8-sig` is slow


def _records(text: TextIO) -> Iterator[List[str]]:
    """The records of a whole file; raises TableError with the file's line."""
    reader = csv.reader(text, strict=True)
    try:
        yield from reader
    except csv.Error as error:
        if "NUL" in str(error):  # up to Python 3.10
            raise TableError(NUL_FOUND) from None
        message = "line {} is no CSV: {}; a quote inside a quoted field is written twice".format(reader.line_num, error)
        raise TableError(message) from None
