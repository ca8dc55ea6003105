"""The finish phase: store how the job ends, remove what belongs to it, and write its last state."""

import logging

from azure.core.exceptions import HttpResponseError

from shared.compute.nodes import Nodes
from shared.contracts.job import Ending, JobDocument, JobStatus
from shared.contracts.names import task_queue
from shared.contracts.progress import JobFailure
from shared.errors import ProductError
from shared.jobs.notifications import request_notifications
from shared.jobs.phases.allocate import withdraw_tickets
from shared.jobs.phases.merge import commit_errors, is_merged
from shared.jobs.phases.observe import progress_table
from shared.jobs.store import JobStore
from shared.jobs.submission.output_place import Reservations
from shared.observability.measurements import note_end
from shared.storage.account import StorageAccount
from shared.storage.blobs import container_of
from shared.storage.output_ledger import read_ledger
from shared.storage.queues import delete_queue

log = logging.getLogger(__name__)


def decide_end(
    account: StorageAccount, jobs: JobStore, job: JobDocument, status: JobStatus, failure: JobFailure | None = None
) -> JobDocument:
    """Store how the job ends, and return the job. If that was decided before, the first decision stays.

    It must come before anything is removed that led to the decision: after a crash, nothing else tells how to go on.
    A committed output is a decision too: its job completes, although an emptied ledger or a late cancel says otherwise.
    """
    if not job.decided and status is not JobStatus.COMPLETED and _has_output(account, job):
        status, failure = JobStatus.COMPLETED, None
        jobs.enter(job.name, JobStatus.FINALIZING)  # a job completes only from this state
    end = Ending(status=status, failure=failure)
    return jobs.change(job.name, lambda job: job if job.decided else job.model_copy(update={"ending": end}))


def _has_output(account: StorageAccount, job: JobDocument) -> bool:
    """Return whether the output is committed. If its place cannot be reached any more, the job ends without it."""
    try:
        return is_merged(account, job)
    except ProductError:
        return False
    except HttpResponseError as error:
        if (error.status_code or 500) >= 500:
            raise  # storage may answer at the next try
        return False


def stop_nodes(account: StorageAccount, job: JobDocument) -> None:
    """Delete the task queue, which tells the nodes to stop, and the tickets that no node holds."""
    delete_queue(account.queues, task_queue(job.job_id))
    withdraw_tickets(account, job)


def is_shutting_down(account: StorageAccount, job: JobDocument) -> bool:
    """Return whether a live node still has to finish the `shutdown()` of the job's script."""
    if job.code is None:
        return False
    return any(node.job_id == job.job_id and node.shuts_down for node in Nodes(account).live(job.compute))


def finish(
    account: StorageAccount, jobs: JobStore, job: JobDocument, status: JobStatus, failure: JobFailure | None = None
) -> JobDocument:
    """Bring the job to a terminal state and return it. It may be repeated: each step sees what an earlier try did.

    The decision is stored first, and wins over `status` and `failure` if an earlier one is stored. Then the nodes stop.
    The state is written last, because a terminal state promises that nothing more happens.
    """
    job = decide_end(account, jobs, job, status, failure)
    end = job.decided
    assert end is not None, "the decision was just stored"
    stop_nodes(account, job)
    if end.status is not JobStatus.COMPLETED:
        _keep_errors(account, job)
    else:
        # The output needs no reservation now: its file takes the place until somebody removes it. A job that failed
        # keeps its reservation: it tells the next job at this place which job it follows.
        Reservations(account, jobs).release(job.output, job.name)
    progress_table(account).delete_partition(job.job_id)
    request_notifications(account, job)
    ended = jobs.enter(job.name, end.status, failure=end.failure, ending=None)
    if not job.status.is_terminal:
        note_end(ended)
        _log_end(ended)
    return ended


def _log_end(job: JobDocument) -> None:
    if job.failure:
        log.error("job %s: %s in step %s: %s", job.name, job.status, job.failure.step, job.failure.message)
    else:
        log.info("job %s: %s", job.name, job.status)


def _keep_errors(account: StorageAccount, job: JobDocument) -> None:
    """Write the list of failed items if its place can be reached. If not, the job ends all the same."""
    if job.work is None:
        return
    try:
        output = container_of(account, job.output.folder)
        ledger = read_ledger(account, job.output, job.job_id)
        commit_errors(output, job, ledger)
    except (ProductError, HttpResponseError) as error:
        log.warning("job %s: the list of failed items could not be written: %s", job.name, error)
