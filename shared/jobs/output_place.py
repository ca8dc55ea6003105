"""The place of a job's output: it must be free, and then it is the job's until the job ends."""

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobProperties

from shared.contracts.job import JobDocument
from shared.contracts.job_spec import OutputSpec
from shared.contracts.names import default_output_path
from shared.errors import OutputExistsError, ProductError
from shared.jobs.output_folders import check_no_folder
from shared.jobs.reservations import Reservations
from shared.jobs.store import JobStore
from shared.storage.account import StorageAccount
from shared.storage.containers import ensure_container
from shared.storage.folder_blobs import find_blob
from shared.storage.locations import blob_uri, container_of
from shared.storage.ownership import maker_of


def take_place(account: StorageAccount, jobs: JobStore, job: JobDocument) -> None:
    """Reserve the place of the job's output; doing it again for the same job is fine.

    Raises OutputExistsError when something is there or another job is going to write it. A list of failed items that
    an ended job left there, which wrote no output, goes: it would pass for the new job's own.
    """
    if job.output.folder.credential == "account":
        ensure_container(account.blobs, job.output.folder.container)
    reservations = Reservations(account, jobs)
    is_new = reservations.reserve(job.output, job.name, job.created)
    # A job gives up its reservation after its files have appeared, so this look misses none of them.
    try:
        if job.output.folder.path != default_output_path(job.job_id):
            check_no_folder(container_of(account, job.output.folder), job.output)
        _make_room(account, jobs, job.output)
    except ProductError:
        if is_new:
            reservations.release(job.output, job.name)
        raise


def _make_room(account: StorageAccount, jobs: JobStore, output: OutputSpec) -> None:
    container = container_of(account, output.folder)
    if container.get_blob_client(output.file_path).exists():
        raise _taken(output, output.file_path, "the output")
    errors = container.get_blob_client(output.errors_path)
    found = find_blob(errors)
    if found and not (_is_left_behind(jobs, output, found) and _delete(errors, found)):
        raise _taken(output, output.errors_path, "the list of failed items")


def _is_left_behind(jobs: JobStore, output: OutputSpec, found: BlobProperties) -> bool:
    """Whether this is the list of failed items of a job that has ended."""
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
    """Delete the very blob that was found; False when it is another one by now."""
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
