"""The end of a job, when the application dies at any write and another life of it goes on."""

from itertools import count

import pytest

from shared.contracts.job import JobStatus
from shared.contracts.job_spec import WorkSize
from shared.contracts.names import task_queue, ticket_queue
from shared.contracts.progress import JobFailure, ProgressRow
from shared.jobs.phases.observe import progress_table
from shared.jobs.phases.watch import Action, WatchMemory
from shared.jobs.store import JobStore
from shared.jobs.submission.requests import start_input
from shared.storage.blobs import container_of
from shared.storage.ledger import TaskBlock
from shared.storage.output_ledger import NO_HEADER
from shared.storage.queues import ensure_queue, message_count
from tests.integration.hooked_account import HookedAccount, KilledError, killed_at_write
from tests.integration.jobs.phases_for_tests import phases_of

pytestmark = pytest.mark.integration

WORK = WorkSize(files=3, mini_batch_size=1, mini_batches_per_task=1)
REASON = JobFailure(step="init", message="no such file", error_type="FileNotFoundError")


@pytest.fixture
def running(account, make_job):
    """Makes a job with a task queue, tickets on their queue and a process that has failed for good."""

    def make(status=JobStatus.RUNNING):
        job = JobStore(account.tables).add(make_job(work=WORK, status=status))
        for queue in (task_queue(job.job_id), ticket_queue(job.compute)):
            ensure_queue(account.queues, queue)
        row = ProgressRow(job_id=job.job_id, process="n1:0", updated=job.created, fatal=REASON)
        progress_table(account).put(job.job_id, "n1:0", row)
        return job

    return make


@pytest.fixture
def stage(account):
    def staged(job, tasks):
        blob = output_of(account, job)
        for task in range(tasks):
            blob.stage_block(TaskBlock(job.job_id[:8], task, 1, 1, 1, 0, NO_HEADER).block_id, b"row\n")

    return staged


def lives(account, job, act):
    """Let `act` begin on `job()` and die before its first write, its second one, … until it gets to its end.

    Yields each job that lost its application, and at which write.
    """
    for write in count():
        broken, hook = job(), killed_at_write(write)
        try:
            act(phases_of(HookedAccount(account.connection_string, before=hook)), broken)
        except KilledError:
            yield write, broken
        else:
            return


def go_on(phases, name):
    """Play the orchestration that the reconciliation starts. It is never told to score again."""
    job = phases.jobs.get(name)
    if job.status.is_terminal:
        return job
    assert start_input(job)["phase"] == "watch"
    look = phases.watch(name, WatchMemory())
    if look.action is Action.MERGE:
        assert phases.merge(name).complete
        phases.finish(name, JobStatus.COMPLETED, None)
    elif look.action is Action.CANCEL:
        phases.finish(name, JobStatus.CANCELED, None)
    else:
        assert look.action is Action.FAIL
        phases.finish(name, JobStatus.FAILED, look.failure)
    return phases.jobs.get(name)


def test_a_job_that_was_about_to_fail_fails_for_the_same_reason(account, running):
    def fail(phases, job):
        phases.finish(job.name, JobStatus.FAILED, REASON)

    died = 0
    for write, job in lives(account, running, fail):
        ended = go_on(phases_of(account), job.name)
        assert (ended.status, ended.failure) == (JobStatus.FAILED, REASON), f"killed at write {write}"
        assert message_count(account.queues, task_queue(job.job_id)) is None
        died += 1
    assert died > 4


@pytest.fixture
def complete(account, running, stage):
    """Makes a job whose tasks are all in the ledger, as the last look has found."""

    def make():
        job = running()
        stage(job, WORK.tasks)
        progress_table(account).delete_partition(job.job_id)
        phases = phases_of(account)
        assert phases.watch(job.name, WatchMemory()).action is Action.MERGE
        return phases.jobs.get(job.name)

    return make


def output_of(account, job):
    return container_of(account, job.output.folder).get_blob_client(job.output.file_path)


def merge_and_finish(phases, job):
    assert phases.merge(job.name).complete
    phases.finish(job.name, JobStatus.COMPLETED, None)


def test_a_job_that_was_about_to_complete_completes_with_what_it_counted(account, complete):
    for write, job in lives(account, complete, merge_and_finish):
        ended = go_on(phases_of(account), job.name)
        assert ended.status is JobStatus.COMPLETED, f"killed at write {write}"
        assert (ended.statistics.tasks_finished, ended.statistics.rows) == (WORK.tasks, WORK.tasks)
        assert output_of(account, job).download_blob().readall() == b"row\n" * WORK.tasks


@pytest.fixture
def merged(account, complete):
    """A job whose output is committed, and whose application died before it knew."""
    job = complete()
    assert phases_of(account).merge(job.name).complete
    return job


def test_a_job_counts_what_is_merged_although_a_task_finished_again_since_the_last_look(account, complete):
    job, phases = complete(), phases_of(account)
    again = TaskBlock(job.job_id[:8], 0, 2, 2, 1, 0, NO_HEADER)
    output_of(account, job).stage_block(again.block_id, b"two\nrows\n")
    merge_and_finish(phases, job)
    assert output_of(account, job).download_blob().readall() == b"two\nrows\n" + b"row\n" * 2
    assert phases.jobs.get(job.name).statistics.rows == 4


def test_a_job_that_is_canceled_beside_its_output_completes(account, merged):
    JobStore(account.tables).enter(merged.name, JobStatus.CANCEL_REQUESTED)
    ended = go_on(phases_of(account), merged.name)
    assert (ended.status, ended.statistics.rows) == (JobStatus.COMPLETED, WORK.tasks)


@pytest.mark.parametrize(("status", "failure"), [(JobStatus.CANCELED, None), (JobStatus.FAILED, REASON)])
def test_a_job_never_ends_otherwise_beside_its_output(account, merged, status, failure):
    """Whoever says so has not seen the commit, such as the reconciliation after many restarts."""
    phases = phases_of(account)
    phases.finish(merged.name, status, failure)
    ended = phases.jobs.get(merged.name)
    assert (ended.status, ended.failure) == (JobStatus.COMPLETED, None)


def test_a_job_whose_end_is_decided_completes_whatever_becomes_of_its_output(account, merged):
    died = HookedAccount(account.connection_string, before=killed_at_write(1))
    with pytest.raises(KilledError):
        phases_of(died).finish(merged.name, JobStatus.COMPLETED, None)
    output_of(account, merged).delete_blob()
    assert go_on(phases_of(account), merged.name).status is JobStatus.COMPLETED


def test_a_job_that_failed_before_it_was_planned_is_not_planned_again(account, make_job):
    jobs = JobStore(account.tables)

    def fail(phases, job):
        phases.finish(job.name, JobStatus.FAILED, REASON)

    decided = 0
    for _, job in lives(account, lambda: jobs.add(make_job()), fail):
        if jobs.get(job.name).decided:
            ended = go_on(phases_of(account), job.name)
            assert (ended.status, ended.failure) == (JobStatus.FAILED, REASON)
            decided += 1
    assert decided


def test_a_decided_end_stays_whatever_is_found_later(account, running, stage):
    job = running()
    died = HookedAccount(account.connection_string, before=killed_at_write(1))
    with pytest.raises(KilledError):
        phases_of(died).finish(job.name, JobStatus.CANCELED, None)
    stage(job, WORK.tasks)
    phases = phases_of(account)
    assert phases.merge(job.name).complete
    assert not output_of(account, job).exists()
    phases.finish(job.name, JobStatus.FAILED, REASON)
    ended = phases.jobs.get(job.name)
    assert (ended.status, ended.failure, ended.ending) == (JobStatus.CANCELED, None, None)
