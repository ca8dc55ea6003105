"""Blobs that unfinished jobs are going to write: one row for each, so that no two jobs write the same one."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from pydantic import AwareDatetime, BaseModel

from shared.contracts.job import JobDocument, JobStatus
from shared.contracts.job_spec import OutputSpec, blob_uri
from shared.errors import ConflictError, OutputExistsError, PreconditionFailedError
from shared.jobs.store import JobStore
from shared.storage.account import StorageAccount
from shared.storage.rows import Row, RowTable


class Reservation(BaseModel):
    """Who writes a blob. Table `reservations`, partition = account and container, row = a hash of the blob's name."""

    job: str
    since: AwareDatetime
    blob: str = ""
    """The blob's name, for whoever reads the table."""


class Reservations:
    """All reserved blobs."""

    def __init__(self, account: StorageAccount, jobs: JobStore) -> None:
        """`account` is the workspace's own; `jobs` say whether the holder of a reservation has ended."""
        self._table = RowTable(account.tables, "reservations", Reservation)
        self._jobs = jobs

    def reserve(self, output: OutputSpec, job: str, now: datetime) -> bool:
        """Reserve the output file and its list of failed items for the job.

        Returns False when the job held one of them before. Raises OutputExistsError when another job, which has not
        ended, holds one of them; then nothing is reserved.
        """
        new = [self._take(output, path, Reservation(job=job, since=now, blob=path)) for path in _paths(output)]
        return all(new)

    def holder(self, output: OutputSpec) -> JobDocument | None:
        """The job that reserved the output file last, which may have ended."""
        row = self._table.find(*_key(output, output.file_path))
        return self._jobs.find(row.document.job) if row else None

    def release(self, output: OutputSpec, job: str) -> None:
        """Give up what the job holds of these."""
        for path in _paths(output):
            holder = self._table.find(*_key(output, path))
            if holder and holder.document.job == job:
                with suppress(PreconditionFailedError):  # another job has it by now
                    self._table.remove(holder)

    def all(self) -> Iterator[Row[Reservation]]:
        """Every reservation."""
        return self._table.all()

    def drop(self, row: Row[Reservation]) -> None:
        """Remove a reservation of a job that was never written, or that has ended."""
        with suppress(PreconditionFailedError):
            self._table.remove(row)

    def is_orphan(self, reservation: Reservation) -> bool:
        """Whether there is no such job, or one that has completed."""
        job = self._jobs.find(reservation.job)
        return job is None or job.status is JobStatus.COMPLETED

    def _take(self, output: OutputSpec, path: str, reservation: Reservation) -> bool:
        partition, key = _key(output, path)
        try:
            self._table.insert(partition, key, reservation)
        except ConflictError as error:
            holder = self._table.find(partition, key)
            if holder and holder.document.job == reservation.job:
                return False
            if not (holder and self._take_over(holder, reservation)):
                self.release(output, reservation.job)
                raise _reserved(output, path, holder) from error
        return True

    def _take_over(self, holder: Row[Reservation], reservation: Reservation) -> bool:
        """Take the place of a job that has ended. A job that is not there may be about to be written."""
        job = self._jobs.find(holder.document.job)
        if job is None or not job.status.is_terminal:
            return False
        with suppress(PreconditionFailedError):
            self._table.replace(holder, reservation)
            return True
        return False


def _reserved(output: OutputSpec, path: str, holder: Row[Reservation] | None) -> OutputExistsError:
    where = blob_uri(output.folder.model_copy(update={"path": path}))
    by = f"job {holder.document.job}" if holder else "another job"
    return OutputExistsError(
        f"the output {where} is reserved by {by}; name another path or output_file_name", target="output_file_name"
    )


def _paths(output: OutputSpec) -> tuple[str, str]:
    return output.file_path, output.errors_path


def _key(output: OutputSpec, path: str) -> tuple[str, str]:
    """Hashes: two names never share one, and table keys allow neither all characters nor all lengths of names."""
    folder = output.folder
    return _hash(f"{folder.account_url}/{folder.container}"), _hash(path)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
