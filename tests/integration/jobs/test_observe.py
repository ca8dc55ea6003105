"""What a look sees of a job that changes while it looks."""

import json
from datetime import UTC, datetime

import pytest

from shared.contracts.job import JobStatus
from shared.contracts.job_spec import WorkSize
from shared.contracts.names import task_queue
from shared.contracts.progress import ProgressRow
from shared.jobs.phases.merge import merge
from shared.jobs.phases.observe import observe, progress_table
from shared.jobs.phases.watch import LOST_TASKS_AFTER, Action, WatchMemory, decide, tally
from shared.jobs.store import JobStore
from shared.storage.blobs import container_of
from shared.storage.ledger import TaskBlock
from shared.storage.output_ledger import NO_HEADER, read_ledger
from shared.storage.queues import queue_client
from tests.integration.hooked_account import HookedAccount, once_at
from tests.integration.jobs.phases_for_tests import phases_of

pytestmark = pytest.mark.integration

WORK = WorkSize(files=3, mini_batch_size=1, mini_batches_per_task=1)


@pytest.fixture
def job(make_job):
    job = make_job(work=WORK, status=JobStatus.RUNNING)
    return job.model_copy(update={"settings": job.settings.model_copy(update={"error_threshold": 0})})


def stage(account, job, task):
    block = TaskBlock(job.job_id[:8], task, 1, 1, 1, 0, NO_HEADER)
    container_of(account, job.output.folder).get_blob_client(job.output.file_path).stage_block(block.block_id, b"r\n")


def between_ledger_and_rows(act):
    """Return a hook that calls `act` between the reads of the ledger and the progress rows, in whatever order."""
    seen = set()

    def is_second(request):
        kinds = {"comp=blocklist": "ledger", "/progress(": "rows"}
        seen.update(kind for part, kind in kinds.items() if part in request.url)
        return len(seen) == 2

    return once_at(is_second, act)


def test_a_task_that_is_finished_during_a_look_is_not_counted_by_a_newer_row(account, job):
    def finish_and_begin_again():
        stage(account, job, 0)
        row = ProgressRow(job_id=job.job_id, process="n2:0", updated=datetime.now(UTC), current_task=0, failed=1)
        progress_table(account).put(job.job_id, "n2:0", row)  # the task's message was delivered twice

    acted = []
    hook = between_ledger_and_rows(lambda: acted.append(finish_and_begin_again()))
    seen = observe(HookedAccount(account.connection_string, before=hook), job)
    assert acted
    assert tally(job, seen).failed == 0
    assert decide(job, seen, WatchMemory()).action is not Action.FAIL


def test_a_ledger_that_is_emptied_by_a_commit_during_a_look_is_known_as_such(account, job):
    """An earlier life of the application, frozen in its merge, goes on."""
    for task in range(WORK.tasks):
        stage(account, job, task)
    complete = read_ledger(account, job.output, job.job_id)
    hook = once_at(lambda request: "comp=blocklist" in request.url, lambda: merge(account, job, complete))
    seen = observe(HookedAccount(account.connection_string, before=hook), job)
    assert seen.ledger.finished == 0
    assert decide(job, seen, WatchMemory()).action is Action.MERGE


def test_a_task_whose_failed_items_storage_lost_is_scored_again(account, job):
    """Its rows are kept: they were staged last, or the list got no block for a week and its blocks expired."""
    JobStore(account.tables).add(job)
    stage(account, job, 0)
    stage(account, job, 1)
    block = TaskBlock(job.job_id[:8], 2, 1, 1, 0, 1, NO_HEADER)
    container_of(account, job.output.folder).get_blob_client(job.output.file_path).stage_block(block.block_id, b"r\n")
    look = phases_of(account).watch(job.name, WatchMemory(tasks_missing_since=job.created - LOST_TASKS_AFTER))
    assert look.action is Action.HEAL_TASKS
    (message,) = queue_client(account.queues, task_queue(job.job_id)).receive_messages()
    assert json.loads(message.content)["task"] == 2
