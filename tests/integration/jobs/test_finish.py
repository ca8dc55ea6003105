import pytest

from shared.contracts.job import JobStatus
from shared.contracts.job_spec import WorkSize
from shared.contracts.names import task_queue
from shared.contracts.progress import JobFailure
from shared.jobs.finish import finish
from shared.jobs.store import JobStore
from shared.storage.queues import ensure_queue, message_count

pytestmark = pytest.mark.integration

WORK = WorkSize(files=3, mini_batch_size=1, mini_batches_per_task=1)


@pytest.fixture
def jobs(account):
    return JobStore(account.tables)


def test_a_job_ends_though_the_datastore_of_its_output_was_deleted(account, jobs, make_job):
    job = make_job(work=WORK)
    elsewhere = job.output.folder.model_copy(update={"credential": "datastore:deleted"})
    jobs.add(job.model_copy(update={"output": job.output.model_copy(update={"folder": elsewhere})}))
    ensure_queue(account.queues, task_queue(job.job_id))
    failure = JobFailure(step="orchestration", message="the output cannot be reached")
    ended = finish(account, jobs, jobs.get(job.name), JobStatus.FAILED, failure)
    assert (ended.status, ended.failure) == (JobStatus.FAILED, failure)
    assert message_count(account.queues, task_queue(job.job_id)) is None


def test_a_job_ends_once(account, jobs, make_job):
    name = jobs.add(make_job(work=WORK)).name
    finish(account, jobs, jobs.get(name), JobStatus.CANCELED)
    again = finish(account, jobs, jobs.get(name), JobStatus.FAILED, JobFailure(step="run", message="too late"))
    assert (again.status, again.failure) == (JobStatus.CANCELED, None)
