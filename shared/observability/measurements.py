"""The measurements of the application."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from shared.contracts.job import JobDocument
from shared.contracts.progress import NodeRow, NodeState
from shared.observability.tracing import current, job_labels


def note_waiting_tasks(job: JobDocument, count: int) -> None:
    """Note the number of tasks on the queue of a job."""
    current().instruments.tasks_waiting.note(job.name, count, job_labels(job))


def note_tickets(compute: str, count: int) -> None:
    """Note the number of nodes that a compute is asked for."""
    current().instruments.tickets.note(compute, count, {"compute": compute})


def note_nodes(compute: str, nodes: Iterable[NodeRow]) -> None:
    """Note the live nodes of a compute."""
    states = Counter(node.state for node in nodes)
    for state in NodeState:
        labels = {"compute": compute, "state": state.value}
        current().instruments.nodes.note((compute, state), states[state], labels)


def note_lost_nodes(compute: str, count: int) -> None:
    """Count nodes of a compute that went silent."""
    if count:
        current().instruments.nodes_lost.add(count, {"compute": compute})


def note_poison_message(queue: str) -> None:
    """Count a message of `queue` that can never work."""
    current().instruments.poison_messages.add(1, {"queue": queue})


@contextmanager
def merge_measured(job: JobDocument) -> Iterator[None]:
    """Measure how long the merge inside the block takes."""
    began = time.monotonic()
    try:
        yield
    finally:
        current().instruments.merge_duration.record(time.monotonic() - began, dict(job_labels(job)))


def note_end(job: JobDocument) -> None:
    """Count a job that has just ended, and measure its duration."""
    labels = {**job_labels(job), "status": job.status.value}
    current().instruments.jobs_ended.add(1, labels)
    if job.ended:
        current().instruments.job_duration.record((job.ended - job.created).total_seconds(), labels)
    note_waiting_tasks(job, 0)
