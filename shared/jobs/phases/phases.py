"""The phases of a job as the orchestration calls them. Each call does a bounded piece of work and may be repeated."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from shared.compute.scaling import Scaling
from shared.contracts.job import Ending, JobDocument, JobStatus
from shared.contracts.job_spec import blob_uri
from shared.contracts.messages import TaskMessage
from shared.contracts.names import task_queue
from shared.contracts.progress import JobFailure
from shared.contracts.resources import ComputeLimits
from shared.errors import DataRefusedError, NotFoundError, ProductError
from shared.jobs.phases import plan
from shared.jobs.phases.allocate import request_nodes
from shared.jobs.phases.finish import decide_end, finish, is_shutting_down, stop_nodes
from shared.jobs.phases.merge import is_merged, merge
from shared.jobs.phases.observe import observe
from shared.jobs.phases.watch import (
    Action,
    Decision,
    Observation,
    WatchMemory,
    decide,
    merged_statistics,
    next_look,
    status_of,
    tally,
)
from shared.jobs.phases.watch import threshold_failure as threshold_failure_of
from shared.jobs.store import JobStore
from shared.observability import names
from shared.observability.measurements import merge_measured, note_waiting_tasks
from shared.observability.tracing import job_scope, job_span
from shared.storage.account import StorageAccount
from shared.storage.output_ledger import read_ledger
from shared.storage.queues import ensure_queue, send_all


@dataclass(frozen=True)
class Look:
    """The result of a look at a running job."""

    action: Action
    memory: WatchMemory
    next_look: timedelta
    failure: JobFailure | None = None


@dataclass(frozen=True)
class Merged:
    """The result of a merge."""

    complete: bool
    failure: JobFailure | None = None
    """Why the job fails, although all tasks are done."""


@dataclass(frozen=True)
class Phases:
    """The phases of a job, with the tables and clients that they use."""

    account: StorageAccount
    jobs: JobStore
    scaling: Scaling
    limits_of: Callable[[str], ComputeLimits]
    """Returns the limits of a compute by its name; raises NotFoundError."""

    def list_inputs(self, name: str, listing: plan.Listing) -> plan.Listing:
        """List the next input files."""
        job = self.jobs.get(name)
        with job_span(names.PLAN, job, "list_inputs"):
            return plan.list_inputs(self.account, job, listing)

    def size_work(self, name: str, files: int) -> int:
        """Divide the work, publish it for the nodes, and return the number of tasks."""
        job = self.jobs.get(name)
        with job_span(names.PLAN, job, "size_work"):
            work = plan.size_work(job, files)
            plan.publish(self.account, self.jobs.change(name, lambda job: job.model_copy(update={"work": work})))
            return work.tasks

    def enqueue_tasks(self, name: str, first: int) -> None:
        """Enqueue tasks from number `first` on, up to the limit of one call."""
        job = self.jobs.get(name)
        with job_span(names.PLAN, job, "enqueue_tasks"):
            plan.enqueue_tasks(self.account, job, first)

    def allocate(self, name: str) -> None:
        """Ask for nodes."""
        job = self.jobs.enter(name, JobStatus.QUEUED)
        with job_span(names.ALLOCATE, job):
            request_nodes(self.account, self.scaling, job, self.limits_of(job.compute))

    def watch(self, name: str, memory: WatchMemory) -> Look:
        """Look at the job, store its progress, and restore tasks or tickets that were lost.

        A job whose end is decided is only brought to that end, although the tasks and nodes that led to it are gone.
        """
        job = self.jobs.get(name)
        with job_scope(job):
            return self._look(job, memory)

    def _look(self, job: JobDocument, memory: WatchMemory) -> Look:
        if job.decided:
            return _end_of(job.decided, memory)
        try:
            seen = observe(self.account, job)
        except (NotFoundError, DataRefusedError) as error:
            return _without_output(job, memory, error)
        note_waiting_tasks(job, seen.queued_tasks or 0)
        if not seen.is_merged:
            job = self.jobs.note(job.name, tally(job, seen, memory), status_of(job, seen))
        if job.decided:  # meanwhile, by an earlier process of the application that still ran
            return _end_of(job.decided, memory)
        decision = decide(job, seen, memory)
        self._heal(job, seen, decision)
        return Look(decision.action, decision.memory, next_look(job, seen, memory), decision.failure)

    def merge(self, name: str) -> Merged:
        """Write the output, unless the ledger lacks tasks again. The watch must restore those first."""
        job = self.jobs.enter(name, JobStatus.FINALIZING)
        with job_span(names.MERGE, job), merge_measured(job):
            return self._merge(job)

    def _merge(self, job: JobDocument) -> Merged:
        if job.decided:
            return Merged(complete=True, failure=job.decided.failure)
        if is_merged(self.account, job):
            return Merged(complete=True)
        ledger = read_ledger(self.account, job.output, job.job_id)
        if job.work is None or ledger.finished < job.work.tasks:
            return Merged(complete=False)
        # A task may have finished with fewer failures since the last look. Count the blocks that are merged.
        self.jobs.note(job.name, merged_statistics(job, ledger), JobStatus.FINALIZING)
        failure = threshold_failure_of(job, ledger.failed) or merge(self.account, job, ledger)
        return Merged(complete=True, failure=failure)

    def finish(self, name: str, status: JobStatus, failure: JobFailure | None, *, patient: bool = True) -> bool:
        """Bring the job to a terminal state, and its compute to the size that it needs now.

        Return False if the nodes of a job that completes were only told to stop: they still call its `shutdown()`.
        """
        job = self.jobs.get(name)
        with job_span(names.FINISH, job):
            job = decide_end(self.account, self.jobs, job, status, failure)
            completes = job.decided is not None and job.decided.status is JobStatus.COMPLETED
            if patient and completes and is_shutting_down(self.account, job):
                stop_nodes(self.account, job)
                return False
            finish(self.account, self.jobs, job, status, failure)
            # The compute may be deleted now: no unfinished job uses it.
            with suppress(NotFoundError):
                self.scaling.try_to_scale(self.limits_of(job.compute))
        return True

    def _heal(self, job: JobDocument, seen: Observation, decision: Decision) -> None:
        if decision.action not in {Action.HEAL_TASKS, Action.HEAL_TICKETS}:
            return
        if decision.action is Action.HEAL_TASKS:
            _enqueue_missing(self.account, job, seen, decision.memory.generation)
        # If storage has lost the spec, nodes delete the job's tickets: publish it again first.
        plan.publish(self.account, job)
        held = [node.ticket for node in seen.workers(job.job_id)]
        request_nodes(self.account, self.scaling, job, self.limits_of(job.compute), held)


def _end_of(end: Ending, memory: WatchMemory) -> Look:
    """Return the look that leads the orchestration to this end. The finish acts on the stored end in any case."""
    if end.failure:
        return Look(Action.FAIL, memory, timedelta(0), end.failure)
    return Look(Action.MERGE if end.status is JobStatus.COMPLETED else Action.CANCEL, memory, timedelta(0))


def _without_output(job: JobDocument, memory: WatchMemory, error: ProductError) -> Look:
    """End a job whose output cannot be written any more: its datastore was deleted, or refuses the service."""
    if job.status is JobStatus.CANCEL_REQUESTED:
        return Look(Action.CANCEL, memory, timedelta(0))
    message = f"the output {blob_uri(job.output.folder)} cannot be reached any more: {error}"
    failure = JobFailure(step="output", error_type="OutputUnreachable", message=message)
    return Look(Action.FAIL, memory, timedelta(0), failure)


def _enqueue_missing(account: StorageAccount, job: JobDocument, seen: Observation, generation: int) -> None:
    assert job.work is not None, "the job is not planned yet"
    queue = ensure_queue(account.queues, task_queue(job.job_id))
    messages = list[TaskMessage]()
    for task in seen.ledger.missing(job.work.tasks)[: plan.TASKS_PER_CALL]:
        first, count = job.work.task_range(task)
        messages.append(TaskMessage(task=task, first_mini_batch=first, mini_batches=count, generation=generation))
    send_all(queue, messages)
