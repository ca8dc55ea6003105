"""The allocate phase: put node tickets on the queue of the compute, and scale it out for them."""

from collections.abc import Iterable

from shared.compute.scaling import Scaling
from shared.contracts.job import JobDocument
from shared.contracts.messages import NodeTicket
from shared.contracts.names import ticket_queue
from shared.contracts.resources import ComputeLimits
from shared.storage.account import StorageAccount
from shared.storage.queues import remove_matching, send


def request_nodes(
    account: StorageAccount, scaling: Scaling, job: JobDocument, limits: ComputeLimits, held: Iterable[int] = ()
) -> None:
    """Put the job's tickets on the queue and scale the compute out. Skip the numbers in `held`, which live nodes have.

    A second ticket with the same number does no harm: nodes drop it while another node holds the number.
    """
    taken = set(held)
    for number in range(job.settings.instance_count):
        if number not in taken:
            send(account.queues, ticket_queue(job.compute), NodeTicket(job_id=job.job_id, number=number))
    scaling.try_to_scale(limits)


def withdraw_tickets(account: StorageAccount, job: JobDocument) -> None:
    """Remove the job's tickets that no node holds. Nodes delete the tickets that they hold."""
    remove_matching(account.queues, ticket_queue(job.compute), lambda text: f'"{job.job_id}"' in text)
