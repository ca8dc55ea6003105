"""The content of a job's page, read from storage."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.compute.scaling import ScalingProblems
from shared.contracts.job import JobDocument, JobStatus, phase_seconds
from shared.contracts.job_spec import blob_uri
from shared.jobs.logs import log_files
from shared.storage.account import StorageAccount
from shared.studio.output_preview import OutputLook, look_at_output

_PHASES = ("Planning", "Queued", "Preparing", "Running", "Finalizing")


@dataclass(frozen=True)
class Phase:
    """A phase of the job on the timeline."""

    name: str
    seconds: float | None
    """None until it has ended."""
    state: str
    """`done`, `now` or `ahead`."""


@dataclass(frozen=True)
class JobPage:
    """The values of the template."""

    job: JobDocument
    phases: list[Phase]
    percent: int
    age: str
    settings: dict[str, Any]
    input_uri: str
    output_uri: str
    output: OutputLook
    waiting_for: str
    """Why the job gets no node. Empty if nothing is wrong."""
    logs: dict[str, str]


def job_page(account: StorageAccount, job: JobDocument, problems: ScalingProblems) -> JobPage:
    """Return the page of a job as it is now. `problems` say why a job gets no node."""
    seen = job.statistics.succeeded + job.statistics.failed
    return JobPage(
        job=job,
        phases=_phases(job),
        percent=100 if job.status is JobStatus.COMPLETED else min(99, 100 * seen // max(1, job.statistics.files)),
        age=_duration(((job.ended or datetime.now(UTC)) - job.created).total_seconds()),
        settings=job.settings.model_dump(mode="json"),
        input_uri=blob_uri(job.input),
        output_uri=blob_uri(job.output.folder.model_copy(update={"path": job.output.file_path})),
        output=look_at_output(account, job),
        waiting_for=problems.reason(job.compute) if job.status is JobStatus.QUEUED else "",
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


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
