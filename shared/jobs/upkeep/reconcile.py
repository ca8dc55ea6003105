"""Repairs after a crash: jobs without orchestration, orphan queues and reservations."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from shared.contracts.job import JobDocument, JobStatus
from shared.contracts.messages import JOB_NOTIFICATIONS, JOB_NUDGES, JOB_REQUESTS, POISON
from shared.contracts.names import task_queue
from shared.contracts.progress import JobFailure
from shared.errors import Problems, isolated
from shared.jobs.phases.finish import finish
from shared.jobs.phases.observe import progress_table
from shared.jobs.store import JobStore
from shared.jobs.submission.output_place import Reservations
from shared.jobs.submission.requests import Orchestrations, start_input
from shared.observability.tracing import job_scope
from shared.storage.account import StorageAccount
from shared.storage.queues import delete_queue
from shared.storage.rows import readable

log = logging.getLogger(__name__)

SETTLING_TIME = timedelta(minutes=1)
"""How long a job request may be on its way before the job counts as lost."""

MAX_RESUMES = 5
"""The job fails if it has not ended after this many restarts."""

ORPHANED_AFTER = timedelta(minutes=10)


async def reconcile(account: StorageAccount, jobs: JobStore, orchestrations: Orchestrations) -> None:
    """Look at all unfinished jobs, job queues and reservations once."""
    # List the queues first: a job's row exists before its queue.
    queues = await asyncio.to_thread(_job_queues, account)
    problems = Problems()
    unfinished = await asyncio.to_thread(jobs.unfinished, problems)
    for job in unfinished:
        with job_scope(job), isolated(f"job {job.name}"):
            await _look_after(account, jobs, orchestrations, job)
    wanted = {task_queue(job.job_id) for job in unfinished}
    # A job that cannot be read may be running. Its queue must not count as an orphan.
    for queue in set() if problems else queues - wanted:
        with isolated(f"queue {queue}"):
            await asyncio.to_thread(_remove_orphan, account, queue)
    await asyncio.to_thread(_drop_orphaned_reservations, account, jobs)


def _remove_orphan(account: StorageAccount, queue: str) -> None:
    """Delete the queue of a job that has ended, and then the progress rows that nodes wrote while it was there.

    Storage that was restored may have such a queue again. A node that writes later finds no queue, and removes its row.
    """
    delete_queue(account.queues, queue)
    progress_table(account).delete_partition(queue.removeprefix(task_queue("")))


async def _look_after(
    account: StorageAccount, jobs: JobStore, orchestrations: Orchestrations, job: JobDocument
) -> None:
    if datetime.now(UTC) - job.created <= SETTLING_TIME or await orchestrations.is_alive(job.name):
        return
    now = await asyncio.to_thread(jobs.find, job.name)  # it may have ended since the listing
    if now is not None and not now.status.is_terminal:
        await _resume(account, jobs, orchestrations, now)


async def _resume(account: StorageAccount, jobs: JobStore, orchestrations: Orchestrations, job: JobDocument) -> None:
    if job.resumes >= MAX_RESUMES:
        failure = JobFailure(
            step="orchestration",
            error_type="OrchestrationFailed",
            message=f"the orchestration ended {job.resumes + 1} times before the job did; see the application's log",
        )
        await asyncio.to_thread(finish, account, jobs, job, JobStatus.FAILED, failure)
        return
    log.warning("job %s has no orchestration: starting it again", job.name)
    counted = job.model_copy(update={"resumes": job.resumes + 1})
    await asyncio.to_thread(jobs.change, job.name, lambda old: old.model_copy(update={"resumes": counted.resumes}))
    await orchestrations.start(job.name, start_input(job))


def _job_queues(account: StorageAccount) -> set[str]:
    return {str(queue.name) for queue in account.queues.list_queues(name_starts_with=task_queue(""))} - {
        name + suffix for name in (JOB_REQUESTS, JOB_NUDGES, JOB_NOTIFICATIONS) for suffix in ("", POISON)
    }


def _drop_orphaned_reservations(account: StorageAccount, jobs: JobStore) -> None:
    reservations = Reservations(account, jobs)
    for row in readable(reservations.all()):
        with isolated(f"the reservation of job {row.document.job}"):
            old = datetime.now(UTC) - row.document.since > ORPHANED_AFTER
            if old and reservations.is_orphan(row.document):
                reservations.drop(row)
