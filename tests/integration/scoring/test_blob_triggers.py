"""Triggers start one job for each content of each new blob below their folders."""

import json

import pytest

from shared.contracts.bodies import ResourceBody
from shared.contracts.messages import BLOB_EVENTS, POISON
from shared.control_plane.automation.blob_triggers import delete_trigger, put_trigger, runs_of
from shared.control_plane.endpoints.endpoints import delete_endpoint
from shared.control_plane.resource_table import Change
from shared.errors import DependencyError, NotFoundError, ValidationError
from shared.jobs.automation.blob_events import accept_blob_event
from shared.jobs.submission.inputs import list_page
from shared.storage.blobs import DEFAULT_DATASTORE_CONTAINER
from shared.storage.queues import queue_client
from tests.unit.jobs.test_blob_events import grid_event

pytestmark = pytest.mark.integration
LATER = "2100-01-01T00:00:00Z"


@pytest.fixture
def put(application, endpoint, folder, unique_name):
    name = unique_name("incoming")

    def write(*, trigger=None, invocation=None, **properties):
        path = f"azureml://datastores/workspaceblobstore/paths/{folder}/data"
        definition = {"endpoint": endpoint, "deployment": "other", "properties": invocation or {}}
        properties["trigger"] = {"triggerType": "BlobCreated", "path": path, **(trigger or {})}
        properties["action"] = {"actionType": "InvokeBatchEndpoint", "endpointInvocationDefinition": definition}
        return put_trigger(application.workspace, name, ResourceBody(properties=properties), Change()).resource

    return write


@pytest.fixture
def trigger(put):
    return put()


@pytest.fixture
def tell(application, endpoint, folder):
    """Tells of a blob of the input folder, which is there; returns all jobs of the endpoint."""
    container = application.account.blobs.get_container_client(DEFAULT_DATASTORE_CONTAINER)

    def deliver(blob="data/new.csv", etag="0x1", time=LATER, message_id="m", exists=True):
        if exists:
            container.upload_blob(f"{folder}/{blob}", "4", overwrite=True)
        event = grid_event(f"{folder}/{blob}", DEFAULT_DATASTORE_CONTAINER, eTag=etag) | {"eventTime": time}
        event["topic"] = f"/subscriptions/s/storageAccounts/{application.account.account_name}"
        accept_blob_event(application, json.dumps(event).encode(), message_id)
        return application.jobs.page(endpoint=endpoint).jobs

    return deliver


def test_each_content_of_a_blob_starts_one_job(application, trigger, tell, folder):
    tell()
    (job,) = tell()
    assert (job.deployment, job.created_by) == ("other", f"trigger {trigger.name}")
    assert (job.input.kind, job.input.path) == ("blob", f"{folder}/data/new.csv")
    assert len(tell(etag="0x2")) == 2
    runs = runs_of(application.workspace, trigger.name)
    assert (runs.jobs_started, runs.problems) == (2, 0)
    assert runs.last_blob == f"{DEFAULT_DATASTORE_CONTAINER}/{folder}/data/new.csv"
    assert application.jobs.get(runs.last_job).name.startswith(f"{trigger.name}-")


def test_a_marker_starts_one_job_over_its_folder_and_is_not_scored_itself(application, put, tell):
    put(trigger={"endsWith": "_SUCCESS", "jobInputType": "UriFolder"})
    assert tell("data/more/d.csv") == []
    (job,) = tell("data/_SUCCESS")
    assert list_page(application.account, job.input, None).paths == ["a.csv", "b.csv", "c.csv", "more/d.csv"]


def test_a_folder_of_markers_only_is_a_problem(application, put, tell):
    made = put(trigger={"endsWith": ".csv", "jobInputType": "UriFolder"})
    assert tell() == []
    assert "besides those that end with '.csv'" in runs_of(application.workspace, made.name).last_problem


def test_blobs_from_before_and_blobs_that_are_gone_start_nothing(application, trigger, tell):
    assert tell(time="2020-01-01T00:00:00Z") == []
    assert tell("data/never.csv", exists=False) == []
    assert runs_of(application.workspace, trigger.name).problems == 0


def test_a_trigger_counts_blobs_from_when_it_is_made_enabled_or_pointed_elsewhere(put):
    first = put().properties.watched.since
    assert put(description="another").properties.watched.since == first
    moved = put(trigger={"endsWith": ".csv"}).properties.watched.since
    assert moved > first
    put(isEnabled=False, trigger={"endsWith": ".csv"})
    assert put(trigger={"endsWith": ".csv"}).properties.watched.since > moved


def test_a_name_that_event_grid_spoiled_is_a_problem(application, trigger, tell):
    assert tell("data/party\ufffd\ufffd.csv", exists=False) == []
    assert "damaged the name" in runs_of(application.workspace, trigger.name).last_problem


def test_what_cannot_start_is_noted_and_set_aside_and_may_be_sent_again(
    application, trigger, tell, endpoint, unique_name
):
    delete_endpoint(application.workspace, endpoint)
    message_id = unique_name("m")
    assert tell(message_id=message_id) == []
    runs = runs_of(application.workspace, trigger.name)
    assert (runs.problems, runs.jobs_started) == (1, 0)
    assert endpoint in runs.last_problem
    queue = queue_client(application.account.queues, BLOB_EVENTS + POISON)
    envelopes = [json.loads(message.content) for message in queue.receive_messages()]
    (envelope,) = [one for one in envelopes if one["messageId"] == message_id]
    assert envelope["error"]["code"] == "ResourceNotFound"
    assert envelope["message"]["eventType"] == "Microsoft.Storage.BlobCreated"


def test_an_outage_leaves_the_event_on_its_queue(application, trigger, tell, monkeypatch):
    def fail(*_):
        raise DependencyError("storage is away")

    with monkeypatch.context() as patch:
        patch.setattr("shared.jobs.submission.requests.invoke", fail)
        with pytest.raises(DependencyError):
            tell()
    assert runs_of(application.workspace, trigger.name).last_problem == "storage is away"
    assert len(tell()) == 1


def test_a_deleted_trigger_leaves_nothing(application, trigger, tell):
    tell()
    assert delete_trigger(application.workspace, trigger.name)
    assert runs_of(application.workspace, trigger.name).jobs_started == 0
    assert len(tell(etag="0x2")) == 1
    assert not delete_trigger(application.workspace, trigger.name)


STORE = "azureml://datastores/workspaceblobstore/paths"
NEVER = [
    ({"trigger": {"path": "https://somewhere.example/data"}}, "azureml://datastores"),
    ({"trigger": {"path": f"{STORE}/azureml/x"}}, "start no jobs"),
    ({"trigger": {"path": f"{STORE}/LocalUpload"}}, "start no jobs"),
    ({"trigger": {"jobInputType": "UriFolder"}}, "endsWith is missing"),
    ({"trigger": {"triggerType": "Cron"}}, "'BlobCreated'"),
    ({"invocation": {"name": "mine"}}, "named after it"),
    ({"invocation": {"miniBatchSize": 0}}, "miniBatchSize"),
    ({"invocation": {"inputData": {"x": {"jobInputType": "UriFile", "uri": "u"}}}}, "is the input"),
]


def test_what_could_never_run_is_refused(put):
    for change, words in NEVER:
        with pytest.raises(ValidationError, match=words):
            put(**change)


def test_outputs_among_the_new_blobs_are_refused_as_each_job_would_start_the_next(put, folder):
    def outputs(place):
        uri = f"{STORE}/{place}/p.csv"
        return {"outputDataset": {"path": place}}, {"outputData": {"score": {"jobOutputType": "UriFile", "uri": uri}}}

    for place in (f"{folder}/data", f"{folder}/data/deeper", folder):
        for invocation in outputs(place):
            with pytest.raises(ValidationError, match="start the next"):
                put(invocation=invocation)
    for invocation in outputs(f"{folder}/results"):
        put(invocation=invocation)


def test_a_trigger_for_a_missing_endpoint_is_refused_unless_it_is_disabled(application, put, endpoint):
    with pytest.raises(NotFoundError, match="elsewhere"):
        put(trigger={"path": "azureml://datastores/elsewhere/paths/in"})
    delete_endpoint(application.workspace, endpoint)
    with pytest.raises(NotFoundError, match=endpoint):
        put()
    put(isEnabled=False)
