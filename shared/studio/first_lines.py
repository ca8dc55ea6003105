"""The beginning of a file of lines in blob storage, for a look at it."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import ContainerClient

from shared.contracts.output_format import OutputFormat
from shared.storage.csv_header import HAS_HEADER

FIRST_ROWS = 20
_START_BYTES = 65_536


@dataclass(frozen=True)
class FileStart:
    """The beginning of a blob."""

    lines: str
    """Whole lines; none where they are long."""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FirstRows:
    """The first rows of an output."""

    header: list[str]
    """Names of the columns; empty when the output has none."""
    rows: list[list[str]]


def first_rows(output_format: OutputFormat, start: FileStart) -> FirstRows:
    """The rows that an output begins with."""
    if output_format is OutputFormat.PARQUET:
        return FirstRows([], [])
    if output_format is OutputFormat.JSON_LINES:
        return FirstRows([], _lines(start))
    try:
        rows = list(csv.reader(io.StringIO(start.lines, newline="")))
    except csv.Error:  # somebody edited the file
        return FirstRows([], _lines(start))
    header = rows[:1] if HAS_HEADER.items() <= start.metadata.items() else []
    return FirstRows(header[0] if header else [], rows[len(header) :][:FIRST_ROWS])


def file_start(container: ContainerClient, name: str) -> FileStart | None:
    """The beginning of a blob; None when it is not there or empty."""
    try:
        download = container.download_blob(name, offset=0, length=_START_BYTES)
    except ResourceNotFoundError:
        return None
    except HttpResponseError as error:
        if error.status_code == 416:  # an empty blob has no range
            return None
        raise
    start: bytes = download.readall()
    if len(start) == _START_BYTES:
        start = start[: start.rfind(b"\n") + 1]
    return FileStart(start.decode("utf-8", "replace"), download.properties.metadata or {})


def _lines(start: FileStart) -> list[list[str]]:
    return [[line] for line in start.lines.split("\n") if line][:FIRST_ROWS]
