"""The watch phase: the state of a running job, and the decision what to do next. Decisions are plain functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.contracts.job import JobDocument, JobStatistics, JobStatus
from shared.contracts.job_spec import WorkSize
from shared.contracts.progress import JobFailure, NodeRow, NodeState, ProgressRow
from shared.storage.ledger import Ledger

LOST_TASKS_AFTER = timedelta(seconds=10)
"""If the task queue is empty and tasks are missing for this long, messages or blocks were lost."""

LOST_TICKETS_AFTER = timedelta(seconds=45)
"""If there is no node and no ticket for this long, tickets were lost. It is longer than a lease of 30 s."""

SHORTEST_LOOK = timedelta(seconds=0.25)
LONGEST_LOOK = timedelta(seconds=10)
LONGEST_LOOK_AT_FIRST = timedelta(seconds=1)


@dataclass(frozen=True)
class Observation:
    """The state of a running job at one moment."""

    now: datetime
    ledger: Ledger
    progress: Sequence[ProgressRow]
    nodes: Sequence[NodeRow]
    """Live nodes of the job's compute, also those that work on other jobs."""
    queued_tasks: int | None
    """Messages on the task queue, including hidden ones. None if the queue is gone."""
    tickets: int
    """Messages on the ticket queue of the compute, including hidden ones."""
    is_merged: bool = False
    """Whether the output is committed. The commit empties the ledger, which then says nothing any more."""

    def workers(self, job_id: str) -> list[NodeRow]:
        """Return the live nodes that work on the job."""
        return [node for node in self.nodes if node.job_id == job_id]


class WatchMemory(BaseModel):
    """The facts that one look passes to the next one, in the orchestration's input."""

    model_config = ConfigDict(frozen=True)

    last_look: AwareDatetime | None = None
    tasks_missing_since: AwareDatetime | None = None
    nodes_missing_since: AwareDatetime | None = None
    generation: int = 0
    """How often lost tasks were enqueued again."""
    finished: int = 0
    """Tasks that were finished at the last look."""
    finished_since: AwareDatetime | None = None
    """Time of the first look that saw this number."""


class Action(StrEnum):
    """The next step of the orchestration."""

    WAIT = "wait"
    MERGE = "merge"
    CANCEL = "cancel"
    FAIL = "fail"
    HEAL_TASKS = "heal_tasks"
    """Enqueue the tasks that the ledger lacks, and ask for nodes."""
    HEAL_TICKETS = "heal_tickets"
    """Ask for nodes again."""


@dataclass(frozen=True)
class Decision:
    """The next step, and the memory for the next look."""

    action: Action
    memory: WatchMemory
    failure: JobFailure | None = None


def decide(job: JobDocument, seen: Observation, memory: WatchMemory) -> Decision:
    """Decide what a job needs now. If the output is committed, the job completes, whatever else is found."""
    assert job.work is not None, "the job is not planned yet"
    if seen.is_merged:
        return Decision(Action.MERGE, memory)
    memory = _remember(job, job.work, seen, memory)
    if job.status is JobStatus.CANCEL_REQUESTED:
        return Decision(Action.CANCEL, memory)
    if failure := _fatal(seen) or threshold_failure(job, tally(job, seen).failed):
        return Decision(Action.FAIL, memory, failure)
    if seen.ledger.finished >= job.work.tasks:
        return Decision(Action.MERGE, memory)
    return _replace_lost(seen, memory)


def next_look(job: JobDocument, seen: Observation, memory: WatchMemory) -> timedelta:
    """Return how long to wait for the next look: until the rest should be done, at the pace since `memory`.

    While no task finishes, each wait doubles. In both cases it is at most a tenth of the job's age, within limits.
    """
    assert job.work is not None, "the job is not planned yet"
    waited = seen.now - (memory.finished_since or seen.now)
    finished, left = seen.ledger.finished - memory.finished, job.work.tasks - seen.ledger.finished
    expected = waited * (left / finished) if finished > 0 else waited
    longest = min(max(LONGEST_LOOK_AT_FIRST, (seen.now - job.created) / 10), LONGEST_LOOK)
    return min(max(SHORTEST_LOOK, expected), longest)


def status_of(job: JobDocument, seen: Observation) -> JobStatus:
    """Return the state that the work itself shows."""
    states = {node.state for node in seen.workers(job.job_id)}
    if NodeState.RUNNING in states or seen.ledger.finished:
        return JobStatus.RUNNING
    return JobStatus.PREPARING if NodeState.PREPARING in states else JobStatus.QUEUED


def tally(job: JobDocument, seen: Observation, memory: WatchMemory | None = None) -> JobStatistics:
    """Return the current statistics: finished tasks from the ledger, running tasks from the progress rows."""
    assert job.work is not None, "the job is not planned yet"
    in_hand = _rows_in_hand(seen)
    workers = len(seen.workers(job.job_id))
    elapsed = (seen.now - memory.last_look).total_seconds() if memory and memory.last_look else 0.0
    return JobStatistics(
        files=job.work.files,
        mini_batches=job.work.mini_batches,
        tasks=job.work.tasks,
        tasks_finished=seen.ledger.finished,
        succeeded=seen.ledger.succeeded + sum(row.done for row in in_hand),
        failed=seen.ledger.failed + sum(row.failed for row in in_hand),
        rows=seen.ledger.rows,
        nodes=workers,
        node_seconds=round(job.statistics.node_seconds + workers * elapsed, 1),
    )


def merged_statistics(job: JobDocument, ledger: Ledger) -> JobStatistics:
    """Return the statistics of a job whose output is made of this ledger."""
    counted = {
        "tasks_finished": ledger.finished,
        "succeeded": ledger.succeeded,
        "failed": ledger.failed,
        "rows": ledger.rows,
    }
    return job.statistics.model_copy(update=counted)


def threshold_failure(job: JobDocument, failed: int) -> JobFailure | None:
    """Return the failure of a job with more failed items than `error_threshold`, or None. -1 ignores all."""
    threshold = job.settings.error_threshold
    if threshold < 0 or failed <= threshold:
        return None
    listed = job.output.errors_path.rsplit("/", 1)[-1]
    items = "1 item" if failed == 1 else f"{failed} items"
    return JobFailure(
        step="run",
        error_type="ErrorThresholdExceeded",
        message=f"{items} failed, more than error_threshold {threshold} allows; {listed} lists them",
    )


def _replace_lost(seen: Observation, memory: WatchMemory) -> Decision:
    """Decide whether tasks or tickets are lost. If none are, the job waits."""
    if _lasts(memory.tasks_missing_since, LOST_TASKS_AFTER, seen.now):
        healed = memory.model_copy(update={"tasks_missing_since": None, "generation": min(9, memory.generation + 1)})
        return Decision(Action.HEAL_TASKS, healed)
    if _lasts(memory.nodes_missing_since, LOST_TICKETS_AFTER, seen.now):
        return Decision(Action.HEAL_TICKETS, memory.model_copy(update={"nodes_missing_since": None}))
    return Decision(Action.WAIT, memory)


def _rows_in_hand(seen: Observation) -> list[ProgressRow]:
    """Return the latest row of each unfinished task: a redelivered task counts once."""
    latest: dict[int, ProgressRow] = {}
    for row in sorted(seen.progress, key=lambda row: row.updated):
        if row.current_task >= 0 and row.current_task not in seen.ledger.blocks:
            latest[row.current_task] = row
    return list(latest.values())


def _fatal(seen: Observation) -> JobFailure | None:
    return next((row.fatal for row in seen.progress if row.fatal), None)


def _remember(job: JobDocument, work: WorkSize, seen: Observation, memory: WatchMemory) -> WatchMemory:
    tasks_missing = not seen.queued_tasks and seen.ledger.finished < work.tasks
    # A ticket that no live node holds waits for a node, and may belong to this job.
    waiting_tickets = seen.tickets - sum(1 for node in seen.nodes if node.job_id)
    nodes_missing = not seen.workers(job.job_id) and waiting_tickets <= 0
    finished_since = memory.finished_since if seen.ledger.finished == memory.finished else None
    return WatchMemory(
        last_look=seen.now,
        tasks_missing_since=(memory.tasks_missing_since or seen.now) if tasks_missing else None,
        nodes_missing_since=(memory.nodes_missing_since or seen.now) if nodes_missing else None,
        generation=memory.generation,
        finished=seen.ledger.finished,
        finished_since=finished_since or seen.now,
    )


def _lasts(since: datetime | None, limit: timedelta, now: datetime) -> bool:
    return since is not None and now - since >= limit
