"""The beginning of a file of lines in blob storage, for a look at it."""

import csv
import io
import json
from dataclasses import dataclass

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import ContainerClient

from shared.contracts.job import JobDocument
from shared.contracts.output_format import OutputFormat
from shared.storage.account import StorageAccount
from shared.storage.containers import JOBS_CONTAINER, columns_name

FIRST_ROWS = 20
_START_BYTES = 65_536


@dataclass(frozen=True)
class FirstRows:
    """The first rows of an output."""

    header: list[str]
    """Names of the columns; empty when the output has none."""
    rows: list[list[str]]


def first_rows(account: StorageAccount, job: JobDocument, start: str) -> FirstRows:
    """The rows in `start`, the beginning of the job's output."""
    if job.output.format is OutputFormat.PARQUET:
        return FirstRows([], [])
    if job.output.format is OutputFormat.JSON_LINES:
        return FirstRows([], [[line] for line in start.split("\n") if line][:FIRST_ROWS])
    lines = list(csv.reader(io.StringIO(start)))
    header = lines[:1] if lines and _has_columns(account, job) else []
    return FirstRows(header[0] if header else [], lines[len(header) :][:FIRST_ROWS])


def _has_columns(account: StorageAccount, job: JobDocument) -> bool:
    columns = first_lines(account.blobs.get_container_client(JOBS_CONTAINER), columns_name(job.job_id))
    return columns is not None and json.loads(columns)["columns"] is not None


def first_lines(container: ContainerClient, name: str) -> str | None:
    """The first whole lines of a blob, which may be none where they are long; None when it is not there or empty."""
    try:
        start: bytes = container.download_blob(name, offset=0, length=_START_BYTES).readall()
    except ResourceNotFoundError:
        return None
    except HttpResponseError as error:
        if error.status_code == 416:  # an empty blob has no range
            return None
        raise
    if len(start) == _START_BYTES:
        start = start[: start.rfind(b"\n") + 1]
    return start.decode("utf-8", "replace")
