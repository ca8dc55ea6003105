"""Everything that the page of a job shows, fetched from storage."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts.job import JobDocument, JobStatus
from shared.jobs.logs import log_files
from shared.jobs.resource import phase_seconds
from shared.storage.account import StorageAccount
from shared.storage.locations import blob_uri, container_of
from shared.storage.signing import blob_link
from shared.studio.first_lines import FirstRows, first_lines, first_rows

FIRST_FAILURES = 20
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
    first: FirstRows
    failures: list[dict[str, Any]]
    failures_link: str
    """Downloads all of them; empty when there are none."""
    logs: dict[str, str]


def job_page(account: StorageAccount, job: JobDocument) -> JobPage:
    """The page of a job as it is now."""
    output = container_of(account, job.output.folder)
    start = first_lines(output, job.output.file_path) if job.status is JobStatus.COMPLETED else ""
    failures = _failures(first_lines(output, job.output.errors_path))
    seen = job.statistics.succeeded + job.statistics.failed
    return JobPage(
        job=job,
        phases=_phases(job),
        percent=100 if job.status is JobStatus.COMPLETED else min(99, 100 * seen // max(1, job.statistics.files)),
        age=_duration(((job.ended or datetime.now(UTC)) - job.created).total_seconds()),
        settings=job.settings.model_dump(mode="json"),
        input_uri=blob_uri(job.input),
        output_uri=blob_uri(job.output.folder.model_copy(update={"path": job.output.file_path})),
        output_link=_link(account, job, job.output.file_path) if start else "",
        first=first_rows(account, job, start),
        failures=failures,
        failures_link=_link(account, job, job.output.errors_path) if failures else "",
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


def _failures(lines: str) -> list[dict[str, Any]]:
    """Not `splitlines`: it also ends lines at characters that JSON leaves as they are."""
    return [json.loads(line) for line in lines.split("\n")[:FIRST_FAILURES] if line]


def _link(account: StorageAccount, job: JobDocument, path: str) -> str:
    """To a blob of the output's container, where that is one of this account."""
    folder = job.output.folder
    return blob_link(account, folder.container, path, _LINK_LIFE) if folder.credential == "account" else ""


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
