"""Remove what is left of jobs that ended long ago: their blobs, rows and orchestration history.

Otherwise Azure keeps all of this for ever, and every listing becomes slower.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobProperties, ContainerClient
from pydantic import Field

from shared.contracts.bodies import ArmModel, Instant
from shared.contracts.job import JobDocument
from shared.contracts.messages import PURGE_REQUESTS, PurgeRequest
from shared.contracts.names import default_output_path
from shared.control_plane.assets.codes import remove_uploads, unnamed_uploads
from shared.errors import DataRefusedError, NotFoundError, Problems, isolated
from shared.jobs.phases.observe import progress_table
from shared.jobs.store import JobService, JobStore
from shared.jobs.submission.output_place import Reservations
from shared.jobs.submission.requests import Orchestrations
from shared.storage.account import StorageAccount
from shared.storage.blobs import JOBS_CONTAINER, container_of, ensure_container, find_blob, is_made_by
from shared.storage.queues import ensure_queue, send_all

log = logging.getLogger(__name__)

MAX_JOBS_PER_PURGE = 1000
"""Jobs in one purge. The limit keeps the request short; the client asks again for more."""

_BLOBS_PER_BATCH = 256
"""Azure's limit for a batch request."""

_GONE = {202, 404, 412}


class PurgeOrder(ArmModel):
    """The request of a purge."""

    ended_before: Instant
    """Remove jobs that ended earlier. Younger and unfinished jobs stay."""
    include_outputs: bool = False
    """Remove their outputs as well."""
    dry_run: bool = False
    """Only report what would be removed."""


class PurgePlan(ArmModel):
    """The result of a purge. Messages remove the jobs, one after the other."""

    dry_run: bool = False
    jobs: list[str] = Field(default_factory=list)
    """Names of the jobs, at most MAX_JOBS_PER_PURGE."""
    more: bool = False
    """Whether there are further jobs of that age."""
    code_uploads: list[str] = Field(default_factory=list)
    """Containers of uploaded code that no version names."""
    warnings: list[str] = Field(default_factory=list)
    """Resources that cannot be read. While there is one, no uploaded code is removed."""


def request_purge(service: JobService, order: PurgeOrder) -> PurgePlan:
    """Remove unused code, and send a message for each job to remove. With `dry_run`, only report them."""
    found = service.jobs.ended_before(order.ended_before, MAX_JOBS_PER_PURGE + 1)
    names = [job.name for job in found[:MAX_JOBS_PER_PURGE]]
    problems = Problems()
    uploads = _uploads(service, problems)
    if not order.dry_run:
        queue = ensure_queue(service.account.queues, PURGE_REQUESTS)
        send_all(queue, (PurgeRequest(job=name, include_outputs=order.include_outputs) for name in names))
        remove_uploads(service.workspace, uploads)
    return PurgePlan(
        dry_run=order.dry_run,
        jobs=names,
        more=len(found) > len(names),
        code_uploads=uploads,
        warnings=[problem.message for problem in problems],
    )


def _uploads(service: JobService, problems: Problems) -> list[str]:
    """Return uploads of code that nothing names. Return none while something that may name one cannot be read.

    The jobs are read after the versions of code: if a version is gone by then, the jobs that use it are there already.
    """
    unnamed = list[str]()
    with isolated("uploads of code", problems):
        unnamed = unnamed_uploads(service.workspace)
    used = {job.code.location.container for job in service.jobs.unfinished(problems) if job.code}
    return [] if problems else [upload for upload in unnamed if upload not in used]


async def purge_job(
    account: StorageAccount, jobs: JobStore, orchestrations: Orchestrations, request: PurgeRequest
) -> None:
    """Remove what is left of a job that has ended.

    It may be repeated: the job's row goes last, and it says what to remove.
    """
    job = await asyncio.to_thread(jobs.find, request.job)
    if job is None or not job.status.is_terminal:
        return
    await orchestrations.forget(job.name)
    await asyncio.to_thread(_remove, account, jobs, job, include_outputs=request.include_outputs)


def _remove(account: StorageAccount, jobs: JobStore, job: JobDocument, *, include_outputs: bool) -> None:
    internals = ensure_container(account.blobs, JOBS_CONTAINER)
    _delete_blobs(internals, internals.list_blobs(name_starts_with=f"{job.job_id}/"))
    if include_outputs:
        _delete_outputs(account, job)
    Reservations(account, jobs).release(job.output, job.name)
    progress_table(account).delete_partition(job.job_id)
    jobs.remove(job)


def _delete_outputs(account: StorageAccount, job: JobDocument) -> None:
    """Delete what the job wrote: all in its own folder, but only its two files in a folder that the user named."""
    try:
        output = container_of(account, job.output.folder)
        _delete_blobs(output, (blob for blob in _outputs(output, job) if is_made_by(blob.metadata or {}, job.job_id)))
    except ResourceNotFoundError:
        return  # the container was deleted, and the output with it
    except (NotFoundError, DataRefusedError) as error:
        log.warning("job %s: its output stays, as it cannot be reached any more: %s", job.name, error)


def _outputs(output: ContainerClient, job: JobDocument) -> Iterator[BlobProperties]:
    """Yield the blobs that the job may have written, with their metadata."""
    if job.output.folder.path == default_output_path(job.job_id):
        yield from output.list_blobs(name_starts_with=f"{job.output.folder.path}/", include=["metadata"])
        return
    for path in (job.output.file_path, job.output.errors_path):
        if found := find_blob(output.get_blob_client(path)):
            yield found


def _delete_blobs(container: ContainerClient, blobs: Iterable[BlobProperties]) -> None:
    """Delete exactly these blobs. A blob that was deleted or replaced meanwhile is skipped."""
    waiting = list(blobs)
    for start in range(0, len(waiting), _BLOBS_PER_BATCH):
        batch = [_unchanged(blob) for blob in waiting[start : start + _BLOBS_PER_BATCH]]
        answers = container.delete_blobs(*batch, raise_on_any_failure=False)
        if any(answer.status_code not in _GONE for answer in answers):
            _delete_one_by_one(container, batch)


def _unchanged(blob: BlobProperties) -> dict[str, Any]:
    return {"name": blob.name, "etag": blob.etag, "match_condition": MatchConditions.IfNotModified}


def _delete_one_by_one(container: ContainerClient, batch: list[dict[str, Any]]) -> None:
    """Delete each blob by itself. This raises the error that a batch only reports."""
    for blob in batch:
        with suppress(ResourceNotFoundError, ResourceModifiedError):
            container.get_blob_client(blob["name"]).delete_blob(
                etag=blob["etag"], match_condition=blob["match_condition"]
            )
