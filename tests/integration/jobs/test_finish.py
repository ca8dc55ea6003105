from datetime import UTC, datetime

import pytest

from shared.compute.nodes import Nodes
from shared.contracts.job import JobStatus
from shared.contracts.job_spec import CodeSpec, WorkSize
from shared.contracts.names import task_queue
from shared.contracts.progress import JobFailure, NodeRow, NodeState
from shared.jobs.phases.finish import finish
from shared.jobs.phases.watch import Action, WatchMemory
from shared.jobs.store import JobStore
from shared.storage.queues import ensure_queue, message_count
from tests.integration.jobs.phases_for_tests import phases_of

pytestmark = pytest.mark.integration

WORK = WorkSize(files=3, mini_batch_size=1, mini_batches_per_task=1)


@pytest.fixture
def jobs(account):
    return JobStore(account.tables)


@pytest.fixture(params=["datastore:deleted", "anonymous"])
def without_output(account, jobs, make_job, request):
    """A running job whose output lies in a datastore that was deleted, or that refuses the service."""
    job = make_job(work=WORK, status=JobStatus.RUNNING)
    elsewhere = job.output.folder.model_copy(update={"credential": request.param})
    ensure_queue(account.queues, task_queue(job.job_id))
    return jobs.add(job.model_copy(update={"output": job.output.model_copy(update={"folder": elsewhere})}))


def test_a_job_ends_though_the_datastore_of_its_output_was_deleted(account, jobs, without_output):
    failure = JobFailure(step="orchestration", message="the output cannot be reached")
    ended = finish(account, jobs, without_output, JobStatus.FAILED, failure)
    assert (ended.status, ended.failure) == (JobStatus.FAILED, failure)
    assert message_count(account.queues, task_queue(ended.job_id)) is None


@pytest.mark.parametrize(("cancel", "action"), [(False, Action.FAIL), (True, Action.CANCEL)])
def test_the_watch_sees_that_the_output_is_gone(account, jobs, without_output, cancel, action):
    if cancel:
        jobs.enter(without_output.name, JobStatus.CANCEL_REQUESTED)
    look = phases_of(account).watch(without_output.name, WatchMemory())
    assert look.action is action
    assert cancel or "cannot be reached any more: " in look.failure.message


def test_a_job_ends_once(account, jobs, make_job):
    name = jobs.add(make_job(work=WORK)).name
    finish(account, jobs, jobs.get(name), JobStatus.CANCELED)
    again = finish(account, jobs, jobs.get(name), JobStatus.FAILED, JobFailure(step="run", message="too late"))
    assert (again.status, again.failure) == (JobStatus.CANCELED, None)


def test_a_job_whose_script_shuts_down_ends_after_its_live_nodes(account, jobs, make_job):
    job = make_job(work=WORK, status=JobStatus.FINALIZING)
    code = CodeSpec(location=job.input, scoring_script="score.py")
    job = jobs.add(job.model_copy(update={"code": code}))
    ensure_queue(account.queues, task_queue(job.job_id))
    phases = phases_of(account)
    node = NodeRow(
        compute=job.compute,
        node_id="n1",
        state=NodeState.RUNNING,
        since=datetime.now(UTC),
        heartbeat=datetime.now(UTC),
        job_id=job.job_id,
        shuts_down=True,
    )
    rows = Nodes(account).table
    rows.put(job.compute, "n1", node)
    assert not phases.finish(job.name, JobStatus.COMPLETED, None)
    assert message_count(account.queues, task_queue(job.job_id)) is None
    assert jobs.get(job.name).status is JobStatus.FINALIZING
    rows.put(job.compute, "n1", node.model_copy(update={"shuts_down": False}))
    assert phases.finish(job.name, JobStatus.COMPLETED, None)
    assert jobs.get(job.name).status is JobStatus.COMPLETED
