"""Cleaning up behind jobs that ended long ago: their blobs, rows and orchestration history.

Azure keeps all of this for ever, and every listing pays for it.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient

from shared.contracts.job import JobDocument
from shared.contracts.messages import PURGE_REQUESTS, PurgeRequest
from shared.contracts.purge import MAX_JOBS_PER_PURGE, PurgeOrder, PurgePlan
from shared.control_plane.code_uploads import remove_uploads, unnamed_uploads
from shared.control_plane.workspace import Workspace
from shared.errors import NotFoundError
from shared.jobs.observe import progress_table
from shared.jobs.orchestrations import Orchestrations
from shared.jobs.reservations import Reservations
from shared.jobs.store import JobStore
from shared.storage.account import StorageAccount
from shared.storage.containers import JOBS_CONTAINER, ensure_container
from shared.storage.locations import container_of
from shared.storage.queues import ensure_queue, send_all

log = logging.getLogger(__name__)

_BLOBS_PER_BATCH = 256
"""Azure's limit of a batch request."""

_GONE = {202, 404}


def request_purge(workspace: Workspace, jobs: JobStore, order: PurgeOrder) -> PurgePlan:
    """Remove code that nothing names, and send a message for each job to remove; with `dry_run` only say which."""
    found = jobs.ended_before(order.ended_before, MAX_JOBS_PER_PURGE + 1)
    names = [job.name for job in found[:MAX_JOBS_PER_PURGE]]
    uploads = unnamed_uploads(workspace, [job.code.location for job in jobs.unfinished() if job.code])
    if not order.dry_run:
        queue = ensure_queue(workspace.account.queues, PURGE_REQUESTS)
        send_all(queue, (PurgeRequest(job=name, include_outputs=order.include_outputs) for name in names))
        remove_uploads(workspace, uploads)
    return PurgePlan(dry_run=order.dry_run, jobs=names, more=len(found) > len(names), code_uploads=uploads)


async def purge_job(
    account: StorageAccount, jobs: JobStore, orchestrations: Orchestrations, request: PurgeRequest
) -> None:
    """Remove what is left of a job that has ended. May be repeated: the job's row goes last and tells what is left."""
    job = await asyncio.to_thread(jobs.find, request.job)
    if job is None or not job.status.is_terminal:
        return
    await orchestrations.forget(job.name)
    await asyncio.to_thread(_remove, account, jobs, job, include_outputs=request.include_outputs)


def _remove(account: StorageAccount, jobs: JobStore, job: JobDocument, *, include_outputs: bool) -> None:
    internals = ensure_container(account.blobs, JOBS_CONTAINER)
    _delete_blobs(internals, internals.list_blob_names(name_starts_with=f"{job.job_id}/"))
    if include_outputs:
        _delete_outputs(account, job)
    Reservations(account).release(job.output, job.name)
    progress_table(account).delete_partition(job.job_id)
    jobs.remove(job)


def _delete_outputs(account: StorageAccount, job: JobDocument) -> None:
    """The job's own folder whole; of a folder that the user named, only the files that bear the job's names."""
    own = job.output.folder.path == f"azureml/{job.job_id}/score"
    try:
        output = container_of(account, job.output.folder)
        names = list(output.list_blob_names(name_starts_with=f"{job.output.folder.path}/")) if own else []
        _delete_blobs(output, names if own else (job.output.file_path, job.output.errors_path))
    except ResourceNotFoundError:
        return  # the container of the output is gone, and the output with it
    except NotFoundError as error:
        log.warning("job %s: its output stays, as it cannot be reached any more: %s", job.name, error)


def _delete_blobs(container: ContainerClient, names: Iterable[str]) -> None:
    """Delete the blobs; those that are gone already are no error."""
    waiting = list(names)
    for start in range(0, len(waiting), _BLOBS_PER_BATCH):
        batch = waiting[start : start + _BLOBS_PER_BATCH]
        answers = container.delete_blobs(*batch, raise_on_any_failure=False)
        if any(answer.status_code not in _GONE for answer in answers):
            _delete_one_by_one(container, batch)


def _delete_one_by_one(container: ContainerClient, names: list[str]) -> None:
    """Raises what a batch only noted."""
    for name in names:
        with suppress(ResourceNotFoundError):
            container.delete_blob(name)
