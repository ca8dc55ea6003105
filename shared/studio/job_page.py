"""Everything that the page of a job shows, fetched from storage."""

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import ContainerClient

from shared.contracts.job import JobDocument, JobStatus
from shared.contracts.output_format import OutputFormat
from shared.jobs.logs import log_files
from shared.jobs.resource import phase_seconds
from shared.storage.account import StorageAccount
from shared.storage.locations import blob_uri, container_of
from shared.storage.signing import blob_link

FIRST_ROWS = 20
FIRST_FAILURES = 20
_START_BYTES = 65_536
_LINK_LIFE = timedelta(hours=1)
_PHASES = ("Planning", "Queued", "Preparing", "Running", "Finalizing")


@dataclass(frozen=True)
class Phase:
    """A phase of the job for the timeline."""

    name: str
    seconds: float | None
    """None while it has not begun, or is going on."""
    state: str
    """`done`, `now` or `ahead`."""


@dataclass(frozen=True)
class JobPage:
    """What the template is given."""

    job: JobDocument
    phases: list[Phase]
    percent: int
    age: str
    settings: dict[str, Any]
    input_uri: str
    output_uri: str
    output_link: str
    """Downloads the output; empty until it is there."""
    first_rows: list[list[str]]
    failures: list[dict[str, Any]]
    logs: dict[str, str]


def job_page(account: StorageAccount, job: JobDocument) -> JobPage:
    """The page of a job as it is now."""
    output = container_of(account, job.output.folder)
    start = _start(output, job.output.file_path) if job.status is JobStatus.COMPLETED else ""
    seen = job.statistics.succeeded + job.statistics.failed
    return JobPage(
        job=job,
        phases=_phases(job),
        percent=100 if job.status is JobStatus.COMPLETED else min(99, 100 * seen // max(1, job.statistics.files)),
        age=_duration(((job.ended or datetime.now(UTC)) - job.created).total_seconds()),
        settings=job.settings.model_dump(mode="json"),
        input_uri=blob_uri(job.input),
        output_uri=blob_uri(job.output.folder.model_copy(update={"path": job.output.file_path})),
        output_link=_output_link(account, job) if start else "",
        first_rows=list(csv.reader(io.StringIO(start)))[:FIRST_ROWS] if _is_text(job) else [],
        failures=_failures(_start(output, job.output.errors_path)),
        logs=log_files(account, job),
    )


def _phases(job: JobDocument) -> list[Phase]:
    seconds = phase_seconds(job)
    entered = {"Planning", *map(str, job.entered)}
    current = [name for name in _PHASES if name in entered][-1]
    return [
        Phase(
            name,
            seconds.get(name),
            "now" if name == current and not job.status.is_terminal else "done" if name in entered else "ahead",
        )
        for name in _PHASES
    ]


def _start(container: ContainerClient, name: str) -> str:
    """The first whole lines of a blob; nothing when it is not there or empty."""
    try:
        start: bytes = container.download_blob(name, offset=0, length=_START_BYTES).readall()
    except ResourceNotFoundError:
        return ""
    except HttpResponseError as error:
        if error.status_code == 416:  # an empty blob has no range
            return ""
        raise
    if len(start) == _START_BYTES:
        start = start[: start.rfind(b"\n") + 1]
    return start.decode("utf-8", "replace")


def _is_text(job: JobDocument) -> bool:
    return job.output.format is not OutputFormat.PARQUET


def _failures(lines: str) -> list[dict[str, Any]]:
    """Not `splitlines`: it also ends lines at characters that JSON leaves as they are."""
    return [json.loads(line) for line in lines.split("\n")[:FIRST_FAILURES] if line]


def _output_link(account: StorageAccount, job: JobDocument) -> str:
    folder = job.output.folder
    if folder.credential != "account":
        return ""
    return blob_link(account, folder.container, job.output.file_path, _LINK_LIFE)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
