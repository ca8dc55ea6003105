"""The part of a job's page that shows the output. The output may lie in a container of the user."""

import csv
import io
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.storage.blob import ContainerClient

from shared.contracts.job import JobDocument, JobStatus
from shared.contracts.job_spec import OutputFormat
from shared.errors import ProductError
from shared.storage.account import StorageAccount, error_code
from shared.storage.blobs import container_of, is_made_by
from shared.storage.output_ledger import HAS_HEADER
from shared.storage.sas import blob_link

log = logging.getLogger(__name__)

FIRST_FAILURES = 20
_LINK_LIFE = timedelta(hours=1)
_LONGEST_LINE = 1_000


@dataclass(frozen=True)
class Failure:
    """A line of the list of failed items."""

    where: str
    """The file, or the mini-batch."""
    reason: str


@dataclass(frozen=True)
class FirstRows:
    """The first rows of an output."""

    header: list[str]
    """Names of the columns. Empty if the output has none."""
    rows: list[list[str]]


@dataclass(frozen=True)
class OutputLook:
    """The beginning of the files that a job wrote."""

    is_there: bool = False
    """Whether the output exists and has content."""
    link: str = ""
    """Downloads the output. Empty until it exists, and for a container of another account."""
    first: FirstRows = field(default_factory=lambda: FirstRows([], []))
    failures: list[Failure] = field(default_factory=list)
    failures_link: str = ""
    """Downloads the whole list of failed items. Empty if there is none."""
    problem: str = ""
    """Why the files cannot be read now, as a sentence: a deleted datastore, an expired signature."""


def look_at_output(account: StorageAccount, job: JobDocument) -> OutputLook:
    """Return the job's output as it is now. Report a problem instead of raising it: the rest of the page stands."""
    try:
        return _look(account, job)
    except ProductError as error:
        return OutputLook(problem=f"The files cannot be read: {error.message}")
    except AzureError as error:
        log.warning("the output of job %s cannot be read", job.name, exc_info=error)
        reason = error_code(error) or type(error).__name__
        return OutputLook(problem=f"The files cannot be read now: their storage account answered {reason}.")


def _look(account: StorageAccount, job: JobDocument) -> OutputLook:
    output = container_of(account, job.output.folder)
    paths = job.output.file_path, job.output.errors_path
    start = file_start(output, paths[0]) if job.status is JobStatus.COMPLETED else None
    errors = file_start(output, paths[1])
    own, own_errors = _own(job, start), _own(job, errors)
    looks = zip(paths, (start, errors), (own, own_errors), strict=True)
    replaced = [path for path, found, kept in looks if found and not kept]
    return OutputLook(
        is_there=start is not None,
        link="" if start is None else _link(account, job, paths[0]),
        first=first_rows(job.output.format, own or FileStart("")),
        failures=_failures(own_errors),
        failures_link="" if own_errors is None else _link(account, job, paths[1]),
        problem=" ".join(f"{path} is not what this job wrote: somebody replaced it." for path in replaced),
    )


@dataclass(frozen=True)
class FileStart:
    """The beginning of a blob."""

    lines: str
    """Whole lines. Empty if the first line is too long."""
    metadata: Mapping[str, str] = field(default_factory=dict)


def _own(job: JobDocument, start: FileStart | None) -> FileStart | None:
    """Return the file if this job wrote it, else None."""
    return start if start and is_made_by(start.metadata, job.job_id) else None


def _failures(start: FileStart | None) -> list[Failure]:
    """Parse the lines. `splitlines` would also split at characters that JSON does not escape."""
    lines = start.lines.split("\n")[:FIRST_FAILURES] if start else []
    return [_failure(line) for line in lines if line]


def _failure(line: str) -> Failure:
    """Parse a line. A line in another form than the service writes is shown unchanged."""
    try:
        item = json.loads(line)
    except (ValueError, RecursionError):
        item = None
    if not isinstance(item, dict):
        return Failure("", line[:_LONGEST_LINE])
    where = item.get("file") or f"mini-batch {item.get('mini_batch')}"
    return Failure(str(where), f"{item.get('error_type')}: {item.get('message')}")


def _link(account: StorageAccount, job: JobDocument, path: str) -> str:
    """Return a link to a blob of the output's container. It is empty if the container is in another account."""
    folder = job.output.folder
    return blob_link(account, folder.container, path, _LINK_LIFE) if folder.credential == "account" else ""


FIRST_ROWS = 20
_START_BYTES = 65_536


def first_rows(output_format: OutputFormat, start: FileStart) -> FirstRows:
    """Return the first rows of an output."""
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
    """Return the beginning of a blob, or None if it does not exist or is empty."""
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
