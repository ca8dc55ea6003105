"""Jobs in Table storage, their states, and the service that handles them."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from azure.data.tables import TableServiceClient
from pydantic import BaseModel, field_validator

from shared.contracts.job import JobDocument, JobStatistics, JobStatus
from shared.contracts.names import JOB_NAME
from shared.control_plane.workspace import Workspace
from shared.errors import ConflictError, NotFoundError, PreconditionFailedError, Problems, ValidationError
from shared.storage.account import StorageAccount
from shared.storage.rows import Row, RowTable, readable

MAX_CHARACTERS = 300_000
"""The most characters of a new job. A row holds 1 MiB of UTF-16 (Azure Table storage); the job needs room to grow."""

_ROW = "job"
_WORKSPACE = "workspace"
_UNFINISHED = "unfinished"
_RUNS = "runs"
_KEPT_ON_CONFLICT = (_UNFINISHED, _RUNS)
"""Partitions in which all jobs of one name share a line. The line stays if the name is taken."""
_END_OF_TIME_MS = 10**14
_PARALLEL_READS = 8


class IndexEntry(BaseModel):
    """A line of the job index. Table `jobindex`, partition `workspace`, `endpoint-<name>`, `runs` or `unfinished`."""

    job: str
    deployment: str

    @field_validator("job")
    @classmethod
    def _can_be_asked_for(cls, value: str) -> str:
        """Make a row with any other name unreadable: storage would refuse to look for it, and the list would fail."""
        return JOB_NAME.check(value)


@dataclass(frozen=True)
class JobPage:
    """A page of jobs, and the start of the next page."""

    jobs: list[JobDocument]
    continuation: dict[str, str] | None
    problems: Problems = field(default_factory=Problems)
    """Why some jobs of the page cannot be shown."""


class JobStore:
    """All jobs of the workspace."""

    def __init__(self, tables: TableServiceClient, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Read and write with `tables`. `clock` gives the time of each change of state."""
        self._jobs = RowTable(tables, "jobs", JobDocument)
        self._index = RowTable(tables, "jobindex", IndexEntry)
        self._clock = clock

    def add(self, job: JobDocument) -> JobDocument:
        """Store a new job. Raise ConflictError if its name is taken.

        The index is written first. A line without a job is skipped; a job without a line would never be listed.
        """
        lines = _index_lines(job)
        for partition, key in lines:
            self._index.put(partition, key, IndexEntry(job=job.name, deployment=job.deployment))
        try:
            return self._jobs.insert(job.name, _ROW, job).document
        except ConflictError:
            for partition, key in lines:
                if partition not in _KEPT_ON_CONFLICT:
                    self._index.delete(partition, key)
            raise

    def find(self, name: str) -> JobDocument | None:
        """Return the job, or None. Raise ValidationError for a name that no job can have."""
        row = self._jobs.find(JOB_NAME.check(name), _ROW)
        return row.document if row else None

    def get(self, name: str) -> JobDocument:
        """Return the job. Raise NotFoundError if there is none."""
        return _existing(self._jobs.find(JOB_NAME.check(name), _ROW), name)

    def of_run(self, run: str) -> JobDocument:
        """Return the job with this root run (its name) or child run (its id). Raise NotFoundError if there is none."""
        job = self.find(run) or self.find_child_run(run)
        if job is None:
            raise NotFoundError(f"run {run!r} not found", target=run)
        return job

    def find_child_run(self, job_id: str) -> JobDocument | None:
        """Return the job with this id, or None."""
        line = self._index.find(_RUNS, job_id.lower())
        return self.find(line.document.job) if line else None

    def enter(self, name: str, status: JobStatus, **changes: Any) -> JobDocument:
        """Move the job to `status` and apply `changes`. If the job may not enter that state, change nothing."""

        def change(job: JobDocument) -> JobDocument:
            if not may_follow(job.status, status):
                return job
            return entered(job, status, self._clock(), **changes)

        job = self.change(name, change)
        if job.status.is_terminal:
            self._index.delete(_UNFINISHED, name)
        return job

    def note(self, name: str, statistics: JobStatistics, status: JobStatus) -> JobDocument:
        """Store the statistics of a job whose end is open, and its state if the job may enter it."""

        def change(job: JobDocument) -> JobDocument:
            if job.decided:
                return job
            job = job.model_copy(update={"statistics": statistics})
            return entered(job, status, self._clock()) if may_follow(job.status, status) else job

        return self.change(name, change)

    def change(self, name: str, change: Callable[[JobDocument], JobDocument]) -> JobDocument:
        """Apply `change` to the stored job, again if another writer came first. Raises NotFoundError."""
        return self._jobs.update(JOB_NAME.check(name), _ROW, lambda row: change(_existing(row, name))).document

    def page(
        self,
        *,
        endpoint: str | None = None,
        deployment: str | None = None,
        size: int = 100,
        continuation: dict[str, str] | None = None,
    ) -> JobPage:
        """Return jobs of the workspace or of an endpoint (and deployment), the newest first."""
        partition = _endpoint_partition(endpoint) if endpoint else _WORKSPACE
        entries, continuation = self._index.page(partition, size, continuation)
        problems = Problems()
        lines = (entry.document for entry in readable(entries, problems))
        wanted = [line.job for line in lines if deployment is None or line.deployment.lower() == deployment.lower()]
        return JobPage(self._found(wanted, problems), continuation, problems)

    def unfinished(self, problems: Problems | None = None) -> list[JobDocument]:
        """Return all jobs that are not in a terminal state. Delete index lines that a crash left behind.

        `problems` receives the reason for each job that cannot be read.
        """
        lines = {row.document.job: row for row in readable(self._index.partition(_UNFINISHED), problems)}
        unfinished = list[JobDocument]()
        for job in self._found(lines, problems):
            if job.status.is_terminal:
                with suppress(PreconditionFailedError):  # it was purged, and the line is that of a new job of its name
                    self._index.remove(lines[job.name])
            else:
                unfinished.append(job)
        return unfinished

    def ended_before(self, moment: datetime, limit: int) -> list[JobDocument]:
        """Return up to `limit` jobs that ended before `moment`, the most recently created first."""
        found = list[JobDocument]()
        entries = readable(self._index.partition(_WORKSPACE, first=_age_key(moment)))
        while len(found) < limit and (names := [entry.document.job for entry in islice(entries, limit)]):
            found += [job for job in self._found(names) if job.ended and job.ended < moment]
        return found[:limit]

    def remove(self, job: JobDocument) -> None:
        """Delete a job that has ended. Its row is deleted last: after a crash, the next try still finds the rest."""
        for partition, key in _index_lines(job):
            self._index.delete(partition, key)
        self._jobs.delete(job.name, _ROW)

    def _found(self, names: Iterable[str], problems: Problems | None = None) -> list[JobDocument]:
        """Return the jobs with these names that exist and can be read."""
        with ThreadPoolExecutor(_PARALLEL_READS) as pool:
            rows = pool.map(lambda name: self._jobs.find(name, _ROW), names)
            return [row.document for row in readable((row for row in rows if row), problems)]


def _existing(row: Row[JobDocument] | None, name: str) -> JobDocument:
    if row is None:
        raise NotFoundError(f"job {name!r} not found", target=name)
    return row.document


@dataclass(frozen=True)
class JobService:
    """The workspace and the store of its jobs, with which all steps of a job work."""

    workspace: Workspace
    jobs: JobStore

    @property
    def account(self) -> StorageAccount:
        """Return the workspace's storage account."""
        return self.workspace.account


def _index_lines(job: JobDocument) -> list[tuple[str, str]]:
    newest_first = f"{_age_key(job.created)}-{job.name}"
    return [
        (_WORKSPACE, newest_first),
        (_endpoint_partition(job.endpoint), newest_first),
        (_RUNS, job.job_id),
        (_UNFINISHED, job.name),
    ]


def _age_key(moment: datetime) -> str:
    """Return a key that sorts the newest first. Times are limited to the years 1970 to 5138."""
    milliseconds = min(max(0, int(moment.timestamp() * 1000)), _END_OF_TIME_MS)
    return f"{_END_OF_TIME_MS - milliseconds:014d}"


def _endpoint_partition(endpoint: str) -> str:
    return f"endpoint-{endpoint.lower()}"


def checked_size(job: JobDocument) -> JobDocument:
    """Return the job. Raise ValidationError if it is too large for its row."""
    if (size := len(job.model_dump_json().encode("utf-16-le")) // 2) > MAX_CHARACTERS:
        raise ValidationError(
            f"properties: the job would have {size:,} characters of JSON; at most {MAX_CHARACTERS:,} are allowed; "
            "shorten its tags, properties, description or environment variables",
            target="properties",
        )
    return job


_ACTIVE = [
    JobStatus.NOT_STARTED,
    JobStatus.QUEUED,
    JobStatus.PREPARING,
    JobStatus.RUNNING,
    JobStatus.FINALIZING,
]


def may_follow(old: JobStatus, new: JobStatus) -> bool:
    """Return whether a job in state `old` may enter `new`. A terminal state never changes."""
    if old.is_terminal or old is new:
        return False
    if old is JobStatus.CANCEL_REQUESTED:
        # Completed as well: the output may exist already when the request arrives.
        return new.is_terminal
    if new in {JobStatus.CANCEL_REQUESTED, JobStatus.FAILED, JobStatus.CANCELED}:
        return True
    if new is JobStatus.COMPLETED:
        return old is JobStatus.FINALIZING
    return _ACTIVE.index(new) > _ACTIVE.index(old)


def entered(job: JobDocument, status: JobStatus, now: datetime, **changes: Any) -> JobDocument:
    """Return the job in its new state, with the time of the change and the other `changes`."""
    return job.model_copy(update={"status": status, "entered": {**job.entered, status: now}, **changes})
