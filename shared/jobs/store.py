"""Jobs in Table storage: found by name, listed by endpoint or workspace with the newest first."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from azure.data.tables import TableServiceClient
from pydantic import BaseModel

from shared.contracts.job import JobDocument, JobStatistics, JobStatus
from shared.contracts.names import JOB_NAME
from shared.control_plane.workspace import Workspace
from shared.errors import ConflictError, NotFoundError, Problems, ValidationError
from shared.storage.account import StorageAccount
from shared.storage.rows import Row, RowTable, readable

_ROW = "job"
_WORKSPACE = "workspace"
_UNFINISHED = "unfinished"
_RUNS = "runs"
_KEPT_ON_CONFLICT = (_UNFINISHED, _RUNS)
"""Partitions whose line is the same for every job of a name, so also that of the job which has it."""
_END_OF_TIME_MS = 10**14
_PARALLEL_READS = 8


class IndexEntry(BaseModel):
    """A line of the job index. Table `jobindex`, partition `workspace`, `endpoint-<name>`, `runs` or `unfinished`."""

    job: str
    deployment: str


@dataclass(frozen=True)
class JobPage:
    """A page of jobs and where the next one begins."""

    jobs: list[JobDocument]
    continuation: dict[str, str] | None
    problems: Problems = field(default_factory=Problems)
    """Why jobs of the page cannot be shown."""


class JobStore:
    """All jobs of the workspace."""

    def __init__(self, tables: TableServiceClient, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """`clock` gives the time that is noted on transitions."""
        self._jobs = RowTable(tables, "jobs", JobDocument)
        self._index = RowTable(tables, "jobindex", IndexEntry)
        self._clock = clock

    def add(self, job: JobDocument) -> JobDocument:
        """Store a new job; raises ConflictError when its name is taken.

        The index is written first: a line that leads to no job is passed over, a job without a line would be lost.
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
        """The job, or None; raises ValidationError for a name that none can have."""
        row = self._jobs.find(JOB_NAME.check(name), _ROW)
        return row.document if row else None

    def get(self, name: str) -> JobDocument:
        """The job; raises NotFoundError."""
        return _existing(self._jobs.find(JOB_NAME.check(name), _ROW), name)

    def of_run(self, run: str) -> JobDocument:
        """The job whose root run (its name) or child run (its id) this is; raises NotFoundError."""
        job = self.find(run) or self.find_child_run(run)
        if job is None:
            raise NotFoundError(f"run {run!r} not found", target=run)
        return job

    def find_child_run(self, job_id: str) -> JobDocument | None:
        """The job of this id, or None."""
        line = self._index.find(_RUNS, job_id.lower())
        return self.find(line.document.job) if line else None

    def enter(self, name: str, status: JobStatus, **changes: Any) -> JobDocument:
        """Move the job to `status` with further changes; where it may not go there it stays as it is."""

        def change(job: JobDocument) -> JobDocument:
            if not may_follow(job.status, status):
                return job
            return entered(job, status, self._clock(), **changes)

        job = self.change(name, change)
        if job.status.is_terminal:
            self._index.delete(_UNFINISHED, name)
        return job

    def note(self, name: str, statistics: JobStatistics, status: JobStatus) -> JobDocument:
        """Note what was seen of a job at work: its statistics, and its state where that may follow."""

        def change(job: JobDocument) -> JobDocument:
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
        """Jobs of the workspace or of an endpoint (and deployment), the newest first."""
        partition = _endpoint_partition(endpoint) if endpoint else _WORKSPACE
        entries, continuation = self._index.page(partition, size, continuation)
        problems = Problems()
        lines = (entry.document for entry in readable(entries, problems))
        wanted = [line.job for line in lines if deployment is None or line.deployment.lower() == deployment.lower()]
        return JobPage(self._found(wanted, problems), continuation, problems)

    def unfinished(self, problems: Problems | None = None) -> list[JobDocument]:
        """All jobs that are not in a terminal state; lines that a crash left behind others go away.

        `problems` gets why further ones cannot be read.
        """
        lines = {row.document.job: row for row in readable(self._index.partition(_UNFINISHED), problems)}
        unfinished = list[JobDocument]()
        for job in self._found(lines, problems):
            if job.status.is_terminal:
                self._index.delete(lines[job.name].partition, lines[job.name].key)
            else:
                unfinished.append(job)
        return unfinished

    def ended_before(self, moment: datetime, limit: int) -> list[JobDocument]:
        """Up to `limit` jobs that ended before `moment`, those first that were made last."""
        found = list[JobDocument]()
        entries = readable(self._index.partition(_WORKSPACE, first=_age_key(moment)))
        while len(found) < limit and (names := [entry.document.job for entry in islice(entries, limit)]):
            found += [job for job in self._found(names) if job.ended and job.ended < moment]
        return found[:limit]

    def remove(self, job: JobDocument) -> None:
        """Forget a job that has ended; its row goes last, so that a repetition still finds what to remove."""
        for partition, key in _index_lines(job):
            self._index.delete(partition, key)
        self._jobs.delete(job.name, _ROW)

    def _found(self, names: Iterable[str], problems: Problems | None = None) -> list[JobDocument]:
        """The jobs of these names that are there and can be read."""
        with ThreadPoolExecutor(_PARALLEL_READS) as pool:
            rows = pool.map(lambda name: self._jobs.find(name, _ROW), names)
            return [row.document for row in readable((row for row in rows if row), problems)]


def _existing(row: Row[JobDocument] | None, name: str) -> JobDocument:
    if row is None:
        raise NotFoundError(f"job {name!r} not found", target=name)
    return row.document


@dataclass(frozen=True)
class JobService:
    """What the life of a job works with: the workspace, and the store of its jobs."""

    workspace: Workspace
    jobs: JobStore

    @property
    def account(self) -> StorageAccount:
        """The workspace's storage account."""
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
    """Sorts the newest first; moments before 1970 and after 5138 count as those."""
    milliseconds = min(max(0, int(moment.timestamp() * 1000)), _END_OF_TIME_MS)
    return f"{_END_OF_TIME_MS - milliseconds:014d}"


def _endpoint_partition(endpoint: str) -> str:
    return f"endpoint-{endpoint.lower()}"


MAX_CHARACTERS = 300_000
"""A row may hold 1 MiB of UTF-16 (Azure Table storage); the rest is for what becomes of the job."""


def checked_size(job: JobDocument) -> JobDocument:
    """The job; raises ValidationError when there would be no room for it."""
    if (size := len(job.model_dump_json().encode("utf-16-le")) // 2) > MAX_CHARACTERS:
        raise ValidationError(
            f"properties: the job would have {size:,} characters of JSON, and {MAX_CHARACTERS:,} are the most; shorten "
            "its tags, properties, description or environment variables",
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
_EARLY_ENDS = {JobStatus.FAILED, JobStatus.CANCELED}


def may_follow(old: JobStatus, new: JobStatus) -> bool:
    """Whether a job in state `old` may enter `new`; a terminal state never changes."""
    if old.is_terminal or old is new:
        return False
    if old is JobStatus.CANCEL_REQUESTED:
        # Completed too: the request may come when the output is there already.
        return new.is_terminal
    if new is JobStatus.CANCEL_REQUESTED or new in _EARLY_ENDS:
        return True
    if new is JobStatus.COMPLETED:
        return old is JobStatus.FINALIZING
    return _ACTIVE.index(new) > _ACTIVE.index(old)


def entered(job: JobDocument, status: JobStatus, now: datetime, **changes: Any) -> JobDocument:
    """The job in its new state, the moment noted, with further changes."""
    return job.model_copy(update={"status": status, "entered": {**job.entered, status: now}, **changes})
