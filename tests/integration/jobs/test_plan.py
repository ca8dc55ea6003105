from itertools import islice

import pytest

from shared.contracts.job_spec import JobSpec, WorkSize
from shared.contracts.messages import TaskMessage
from shared.contracts.names import task_queue
from shared.jobs.phases import plan
from shared.jobs.submission import inputs
from shared.storage import manifest
from shared.storage.blobs import JOBS_CONTAINER, spec_name
from shared.storage.manifest import ManifestReader
from shared.storage.queues import queue_client

pytestmark = pytest.mark.integration


@pytest.fixture
def data(account, container):
    client = account.blobs.get_container_client(container)
    names = [f"in/{n:02}.csv" for n in range(9)] + ["in/deep/er/x.csv", "in-other/y.csv"]
    for name in names:
        client.upload_blob(name, b"1\n")
    return sorted(name.removeprefix("in/") for name in names if name.startswith("in/"))


def listed(account, job):
    listing = plan.Listing()
    while not listing.done:
        listing = plan.list_inputs(account, job, listing)
    blobs = account.blobs.get_container_client(JOBS_CONTAINER)
    reader = ManifestReader(lambda name: blobs.download_blob(name).readall(), job.job_id)
    return reader.paths(0, listing.files)


def test_all_files_below_the_input_are_listed_in_a_fixed_order(account, make_job, data):
    assert listed(account, make_job()) == data


def test_pages_that_do_not_fit_shards_make_the_same_manifest(account, make_job, data, monkeypatch):
    monkeypatch.setattr(inputs, "PAGE_FILES", 3)
    monkeypatch.setattr(plan, "PAGES_PER_CALL", 2)
    for module in (plan, manifest):
        monkeypatch.setattr(module, "SHARD_FILES", 4)
    assert listed(account, make_job()) == data


def test_one_file_is_an_input_too(account, make_job, data):
    job = make_job()
    location = inputs.find_input(account, job.input.model_copy(update={"path": "in/03.csv"}))
    assert location.kind == "blob"
    assert listed(account, job.model_copy(update={"input": location})) == ["03.csv"]


def test_nodes_find_the_spec_and_the_tasks(account, make_job, data):
    job = make_job(work=WorkSize(files=10, mini_batch_size=2, mini_batches_per_task=2))
    plan.publish(account, job)
    plan.enqueue_tasks(account, job, 0)
    spec = account.blobs.get_blob_client(JOBS_CONTAINER, spec_name(job.job_id)).download_blob().readall()
    assert JobSpec.model_validate_json(spec) == job.spec()
    queue = queue_client(account.queues, task_queue(job.job_id))
    tasks = [TaskMessage.model_validate_json(m.content) for m in islice(queue.receive_messages(), 3)]
    assert [(t.task, t.first_mini_batch, t.mini_batches) for t in tasks] == [(0, 0, 2), (1, 2, 2), (2, 4, 1)]
