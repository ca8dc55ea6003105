"""Canceling a job: the request is noted, the watch acts on it."""

from shared.contracts.job import JobDocument, JobStatus
from shared.contracts.messages import JOB_NUDGES, JobNudge
from shared.jobs.store import JobStore
from shared.storage.account import StorageAccount
from shared.storage.queues import send


def request_cancel(account: StorageAccount, jobs: JobStore, name: str) -> JobDocument:
    """Ask for the job's end; a job that has ended stays as it is. Raises NotFoundError."""
    job = jobs.enter(name, JobStatus.CANCEL_REQUESTED)
    if job.status is JobStatus.CANCEL_REQUESTED:
        send(account.queues, JOB_NUDGES, JobNudge(job=name))
    return job
