"""The place of a job's output. It must be free; then the job reserves it until the job ends."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobProperties, ContainerClient
from pydantic import AwareDatetime, BaseModel

from shared.contracts.job import JobDocument, JobStatus
from shared.contracts.job_spec import OutputSpec, blob_uri
from shared.contracts.names import default_output_path
from shared.errors import OutputExistsError, PreconditionFailedError, ProductError
from shared.jobs.store import JobStore
from shared.storage.account import StorageAccount
from shared.storage.blobs import container_of, ensure_container, find_blob, is_folder_blob, maker_of, staged_blocks
from shared.storage.ledger import TaskBlock
from shared.storage.rows import Row, RowTable

_LONGEST_LINE_OF_JOBS = 20


def take_place(account: StorageAccount, jobs: JobStore, job: JobDocument) -> JobDocument:
    """Reserve the place of the job's output. Calling it again for the same job does no harm.

    An earlier job may have ended at this place without an output and left its list of failed items. That list is
    deleted: otherwise it would look like the list of the new job.

    Returns:
        The job; its output now names the jobs that failed at this place before.

    Raises:
        OutputExistsError: The place holds a file, or another job is going to write it.
    """
    if job.output.folder.credential == "account":
        ensure_container(account.blobs, job.output.folder.container)
    reservations = Reservations(account, jobs)
    before = reservations.holder(job.output)
    is_new = reservations.reserve(job.output, job.name, job.created)
    # A job releases its reservation after its files have appeared, so this check cannot miss them.
    try:
        if job.output.folder.path != default_output_path(job.job_id):
            check_no_folder(container_of(account, job.output.folder), job.output)
        if is_new:
            _check_no_rows(account, job)
        _make_room(account, jobs, job.output)
    except ProductError:
        if is_new:
            reservations.release(job.output, job.name)
        raise
    return _following(job, before)


def _following(job: JobDocument, before: JobDocument | None) -> JobDocument:
    if before is None or before.name == job.name or before.status not in {JobStatus.FAILED, JobStatus.CANCELED}:
        return job
    follows = (before.job_id, *before.output.follows)[:_LONGEST_LINE_OF_JOBS]
    return job.model_copy(update={"output": job.output.model_copy(update={"follows": follows})})


def _make_room(account: StorageAccount, jobs: JobStore, output: OutputSpec) -> None:
    container = container_of(account, output.folder)
    if container.get_blob_client(output.file_path).exists():
        raise _taken(output, output.file_path, "the output")
    errors = container.get_blob_client(output.errors_path)
    found = find_blob(errors)
    if found and not (_is_left_behind(jobs, output, found) and _delete(errors, found)):
        raise _taken(output, output.errors_path, "the list of failed items")


def _check_no_rows(account: StorageAccount, job: JobDocument) -> None:
    """Raise OutputExistsError if rows of an earlier job are staged here.

    A later job of the same name has the same id. If the earlier one was purged before it wrote its output, its staged
    rows would count as rows of the later one.
    """
    blob = container_of(account, job.output.folder).get_blob_client(job.output.file_path)
    staged = map(TaskBlock.from_block_id, staged_blocks(blob))
    if any(block and block.job == job.job_id[:8] for block in staged):
        where = blob_uri(job.output.folder.model_copy(update={"path": job.output.file_path}))
        raise OutputExistsError(
            f"rows of an earlier job {job.name!r} are staged for {where}, where storage keeps them for a week; "
            "give the job another name or another output",
            target="name",
        )


def _is_left_behind(jobs: JobStore, output: OutputSpec, found: BlobProperties) -> bool:
    """Return whether this blob is the list of failed items of a job that has ended."""
    maker = maker_of(found)
    job = jobs.find_child_run(maker) if maker else None
    if job is None or not job.status.is_terminal:
        return False
    folder = job.output.folder
    return (folder.account_url, folder.container, job.output.errors_path) == (
        output.folder.account_url,
        output.folder.container,
        output.errors_path,
    )


def _delete(blob: BlobClient, found: BlobProperties) -> bool:
    """Delete exactly the blob that was found. Return False if somebody has replaced it."""
    try:
        blob.delete_blob(etag=found.etag, match_condition=MatchConditions.IfNotModified)
    except ResourceModifiedError:
        return False
    except ResourceNotFoundError:
        return True
    return True


def _taken(output: OutputSpec, path: str, what: str) -> OutputExistsError:
    where = blob_uri(output.folder.model_copy(update={"path": path}))
    return OutputExistsError(
        f"{what} {where} exists already; remove it, or name another path or output_file_name",
        target="output_file_name",
    )


def check_no_folder(container: ContainerClient, output: OutputSpec) -> None:
    """Raise OutputExistsError if a file of the output is already a folder, or its folder is already a file."""
    for path in (output.file_path, output.errors_path):
        if next(iter(container.list_blob_names(name_starts_with=f"{path}/", results_per_page=1)), None):
            raise _refused(output, path, "is a folder that has files")
    for folder in _folders(output.folder.path):
        found = find_blob(container.get_blob_client(folder))
        if found and not is_folder_blob(found):
            raise _refused(output, folder, "is a file, so no output can lie below it")


def _folders(path: str) -> Iterator[str]:
    """Return the folder and all folders above it."""
    parts = path.split("/") if path else []
    return ("/".join(parts[:count]) for count in range(len(parts), 0, -1))


def _refused(output: OutputSpec, path: str, why: str) -> OutputExistsError:
    where = blob_uri(output.folder.model_copy(update={"path": path}))
    return OutputExistsError(f"{where} {why}; name another path or output_file_name", target="output_file_name")


class Reservation(BaseModel):
    """The job that is going to write a blob.

    Table `reservations`, partition = hash of account and container, row = hash of the blob's name.
    """

    job: str
    since: AwareDatetime
    blob: str = ""
    """The blob's name, for people who read the table."""


class Reservations:
    """The blobs that unfinished jobs are going to write: one row for each, so two jobs never write the same blob."""

    def __init__(self, account: StorageAccount, jobs: JobStore) -> None:
        """Keep the rows in `account`, the workspace's own; `jobs` tell whether a holder has ended."""
        self._table = RowTable(account.tables, "reservations", Reservation)
        self._jobs = jobs

    def reserve(self, output: OutputSpec, job: str, now: datetime) -> bool:
        """Reserve the output file and its list of failed items for the job.

        Returns:
            False if the job already held one of them.

        Raises:
            OutputExistsError: Another unfinished job holds one of them. Nothing is reserved then.
        """
        new = [self._take(output, path, Reservation(job=job, since=now, blob=path)) for path in _paths(output)]
        return all(new)

    def holder(self, output: OutputSpec) -> JobDocument | None:
        """Return the job that reserved the output file last; it may have ended."""
        row = self._table.find(*_key(output, output.file_path))
        return self._jobs.find(row.document.job) if row else None

    def release(self, output: OutputSpec, job: str) -> None:
        """Release the files of this output that the job holds."""
        for path in _paths(output):
            holder = self._table.find(*_key(output, path))
            if holder and holder.document.job == job:
                with suppress(PreconditionFailedError):  # another job holds it now
                    self._table.remove(holder)

    def all(self) -> Iterator[Row[Reservation]]:
        """Yield every reservation."""
        return self._table.all()

    def drop(self, row: Row[Reservation]) -> None:
        """Remove a reservation, unless somebody has changed it."""
        with suppress(PreconditionFailedError):
            self._table.remove(row)

    def is_orphan(self, reservation: Reservation) -> bool:
        """Return whether the job does not exist or has completed."""
        job = self._jobs.find(reservation.job)
        return job is None or job.status is JobStatus.COMPLETED

    def _take(self, output: OutputSpec, path: str, reservation: Reservation) -> bool:
        """Reserve one blob. The time of a reservation that the job already holds is renewed: it is no orphan now."""
        is_new = True

        def change(holder: Row[Reservation] | None) -> Reservation:
            nonlocal is_new
            is_new = holder is None or holder.document.job != reservation.job
            if holder and is_new and not self._has_ended(holder.document.job):
                raise _reserved(output, path, holder)
            return reservation

        try:
            self._table.update(*_key(output, path), change)
        except OutputExistsError:
            self.release(output, reservation.job)
            raise
        return is_new

    def _has_ended(self, name: str) -> bool:
        """Return whether the job has ended. A job without a row may be about to be stored."""
        job = self._jobs.find(name)
        return job is not None and job.status.is_terminal


def _reserved(output: OutputSpec, path: str, holder: Row[Reservation]) -> OutputExistsError:
    where = blob_uri(output.folder.model_copy(update={"path": path}))
    return OutputExistsError(
        f"the output {where} is reserved by job {holder.document.job}; name another path or output_file_name",
        target="output_file_name",
    )


def _paths(output: OutputSpec) -> tuple[str, str]:
    return output.file_path, output.errors_path


def _key(output: OutputSpec, path: str) -> tuple[str, str]:
    """Return partition and row as hashes, because table keys do not allow every character and length."""
    folder = output.folder
    return _hash(f"{folder.account_url}/{folder.container}"), _hash(path)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
