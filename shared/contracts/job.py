"""A job as it is stored: the request, the progress, and the end."""

from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.contracts.bodies import ArmModel
from shared.contracts.job_spec import (
    CodeSpec,
    EnvironmentSpec,
    JobSpec,
    Location,
    ModelSpec,
    OutputSpec,
    WorkSize,
    blob_uri,
)
from shared.contracts.progress import JobFailure
from shared.contracts.resources import Webhook
from shared.contracts.settings import ScoringSettings


class JobStatus(StrEnum):
    """The states of a job (Azure ML's names)."""

    NOT_STARTED = "NotStarted"
    """The row is written, but the orchestration has not started."""
    QUEUED = "Queued"
    """The work is planned. The job waits for its first node."""
    PREPARING = "Preparing"
    """A node prepares model and environment."""
    RUNNING = "Running"
    FINALIZING = "Finalizing"
    """All tasks are in the ledger. The output is being merged."""
    CANCEL_REQUESTED = "CancelRequested"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"

    @property
    def is_terminal(self) -> bool:
        """Whether the job will never change again."""
        return self in {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELED}


class Ending(BaseModel):
    """How a job ends, and why it fails."""

    model_config = ConfigDict(frozen=True)

    status: JobStatus
    """A terminal state."""
    failure: JobFailure | None = None


class JobStatistics(BaseModel):
    """The work done so far, or the totals once the job has ended."""

    model_config = ConfigDict(frozen=True)

    files: int = 0
    mini_batches: int = 0
    tasks: int = 0
    tasks_finished: int = 0
    succeeded: int = 0
    """Items (files) that succeeded."""
    failed: int = 0
    """Items (files) that failed."""
    rows: int = 0
    nodes: int = 0
    """Nodes that work on the job now."""
    node_seconds: float = 0.0
    """Seconds that nodes held a ticket of this job, summed over the nodes."""


class Delivery(ArmModel):
    """The state of the notification that tells a webhook that the job has ended."""

    state: Literal["Pending", "Delivered", "Failed"] = "Pending"
    attempts: int = 0
    """Requests that were made."""
    time: AwareDatetime | None = None
    """When the last request was made."""
    problem: str | None = None
    """Why the last request failed."""


class JobDocument(BaseModel):
    """One job. Table `jobs`, partition = job name, row = "job"."""

    model_config = ConfigDict(frozen=True)

    name: str
    job_id: str
    endpoint: str
    deployment: str
    compute: str
    display_name: str = ""
    description: str = ""
    experiment_name: str = ""
    tags: dict[str, str] = Field(default_factory=dict)
    properties: dict[str, str] = Field(default_factory=dict)
    request_id: str = ""
    """`repeatability_request-id` of the request that made the job."""
    request_body: dict[str, Any] = Field(default_factory=dict)
    """`properties` of the invoke request, echoed in answers."""
    request_deployment: str = ""
    """The deployment that the invoke request named. Empty: the endpoint's default."""
    created_by: str = ""
    created: AwareDatetime

    model: ModelSpec
    code: CodeSpec | None = None
    environment: EnvironmentSpec | None = None
    environment_variables: dict[str, str] = Field(default_factory=dict)
    settings: ScoringSettings
    input: Location
    output: OutputSpec

    status: JobStatus = JobStatus.NOT_STARTED
    entered: dict[JobStatus, AwareDatetime] = Field(default_factory=dict)
    """When the job first entered each status."""
    work: WorkSize | None = None
    statistics: JobStatistics = JobStatistics()
    failure: JobFailure | None = None
    ending: Ending | None = None
    """How the job is going to end. It is stored before anything that led to it is removed, and kept until the end."""
    is_archived: bool = False
    """Hidden from lists."""
    trace: dict[str, str] = Field(default_factory=dict)
    """The trace that all work on the job belongs to, as W3C headers."""
    webhooks: dict[str, Webhook] = Field(default_factory=dict)
    """The webhooks to notify when the job has ended, by name."""
    notifications: dict[str, Delivery] = Field(default_factory=dict)
    """The state of each notification."""
    resumes: int = 0
    """How often the reconciliation has restarted the job's orchestration."""

    def spec(self) -> JobSpec:
        """Return the job spec. The input must have been listed."""
        assert self.work is not None, "the job is not planned yet"
        return JobSpec(
            job_name=self.name,
            job_id=self.job_id,
            endpoint=self.endpoint,
            deployment=self.deployment,
            compute=self.compute,
            model=self.model,
            code=self.code,
            environment=self.environment,
            environment_variables=self.environment_variables,
            settings=self.settings,
            input=self.input,
            output=self.output,
            work=self.work,
            trace=self.trace,
        )

    @property
    def decided(self) -> Ending | None:
        """How the job ends or has ended. None while that is open."""
        return Ending(status=self.status, failure=self.failure) if self.status.is_terminal else self.ending

    @property
    def ended(self) -> datetime | None:
        """When the job reached its terminal state."""
        return self.entered.get(self.status) if self.status.is_terminal else None


def outcome(job: JobDocument) -> dict[str, Any]:
    """Return the job's work, times, and reason of failure."""
    shown: dict[str, Any] = {
        "statistics": {**job.statistics.model_dump(), "seconds": phase_seconds(job)},
        "startTime": job.created.isoformat(),
        "endTime": job.ended.isoformat() if job.ended else None,
    }
    if found := "".join(job.trace.get("traceparent", "").split("-")[1:2]):
        shown["traceId"] = found
    if job.failure:
        shown["error"] = {
            "code": job.failure.error_type or "JobFailed",
            "message": job.failure.message,
            "step": job.failure.step,
            "file": job.failure.file,
            "traceback": job.failure.traceback,
        }
    return shown


def phase_seconds(job: JobDocument) -> dict[str, float]:
    """Return the seconds between entering each state and entering the next one."""
    moments = sorted([("Planning", job.created), *job.entered.items()], key=lambda entry: entry[1])
    return {str(state): round((end - start).total_seconds(), 3) for (state, start), (_, end) in pairwise(moments)}


def output_place(job: JobDocument) -> dict[str, str]:
    """Return where the output is."""
    folder = job.output.folder
    return {
        "uri": f"{blob_uri(folder)}/",
        "container": folder.container,
        "path": job.output.file_path,
        "fileName": job.output.file_name,
    }
