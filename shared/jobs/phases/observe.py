"""Read the state of a running job, on which the watch decides."""

from datetime import UTC, datetime

from shared.compute.nodes import Nodes
from shared.contracts.job import JobDocument
from shared.contracts.names import task_queue, ticket_queue
from shared.contracts.progress import ProgressRow
from shared.jobs.phases.merge import is_merged
from shared.jobs.phases.watch import Observation
from shared.storage.account import StorageAccount
from shared.storage.output_ledger import read_ledger
from shared.storage.queues import message_count
from shared.storage.rows import RowTable, readable


def progress_table(account: StorageAccount) -> RowTable[ProgressRow]:
    """Return the table with the progress rows of all jobs."""
    return RowTable(account.tables, "progress", ProgressRow)


def observe(account: StorageAccount, job: JobDocument) -> Observation:
    """Return the state of the job now.

    The order of the reads matters. The queue is counted before the ledger is read: a task that finishes in between then
    counts as queued, never as missing. The progress rows are read before the ledger too: no row is then newer than the
    ledger, and the items of a finished task are counted by its block alone. Whether the output is committed is asked
    after the ledger is read: the commit empties the ledger, and an emptied one is then never taken for lost tasks.
    """
    queued = message_count(account.queues, task_queue(job.job_id))
    progress = [row.document for row in readable(progress_table(account).partition(job.job_id))]
    ledger = read_ledger(account, job.output, job.job_id)
    merged = is_merged(account, job)
    return Observation(
        now=datetime.now(UTC),
        ledger=ledger,
        progress=progress,
        nodes=Nodes(account).live(job.compute),
        queued_tasks=queued,
        tickets=message_count(account.queues, ticket_queue(job.compute)) or 0,
        is_merged=merged,
    )
