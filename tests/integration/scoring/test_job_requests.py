"""Jobs that other systems ask for by a message on `job-requests`."""

import json

import pytest
from azure.functions.queue import QueueMessage

from shared.contracts.messages import JOB_REQUESTS, POISON, JobRequest
from shared.errors import DependencyError, as_problem
from shared.jobs.submission.requests import accept
from shared.storage.queues import queue_client, remove_matching
from shared.triggers.background.functions import MAX_DELIVERIES, delivered

pytestmark = pytest.mark.integration


@pytest.fixture
def message(endpoint, folder):
    uri = f"azureml://datastores/workspaceblobstore/paths/{folder}/data"
    properties = {"inputData": {"data": {"jobInputType": "UriFolder", "uri": uri}}}
    return {"endpoint": endpoint, "deployment": "other", "properties": properties}


@pytest.fixture
def receive(application):
    def deliver(content, message_id="m-1"):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return accept(application, body, message_id)

    return deliver


def jobs_of(application, endpoint):
    return application.jobs.page(endpoint=endpoint).jobs


def poisoned(application, message_id):
    """The one message that was set aside under this id."""
    found = []

    def is_it(text):
        mine = json.loads(text)["messageId"] == message_id
        found.extend([json.loads(text)] if mine else [])
        return mine

    remove_matching(application.account.queues, JOB_REQUESTS + POISON, is_it)
    (envelope,) = found
    return envelope


def test_a_message_makes_one_job_however_often_it_is_delivered(application, receive, message, endpoint):
    for _ in range(2):
        assert receive(message) is None
    (job,) = jobs_of(application, endpoint)
    assert (job.deployment, job.created_by) == ("other", "queue job-requests")
    texts = [
        m.content for m in queue_client(application.account.queues, JOB_REQUESTS).receive_messages(messages_per_page=32)
    ]
    assert job.name in {json.loads(text)["job"] for text in texts}


def test_the_request_id_names_the_job_whatever_message_brings_it(application, receive, message, endpoint):
    receive({**message, "requestId": "order-7"}, "m-1")
    receive({**message, "requestId": "order-7"}, "m-2")
    receive(message, "m-3")
    assert len(jobs_of(application, endpoint)) == 2


def test_the_name_of_a_job_that_exists_asks_for_its_orchestration(receive):
    assert receive({"job": "some-job"}) == JobRequest(job="some-job")


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"no json", "UserError", "not valid JSON"),
        (b"[1]", "UserError", "not a JSON object"),
        ({"endpoint": "e", "properties": {}, "colour": "red"}, "UserError", "colour"),
        ({"endpoint": "nowhere", "properties": {"inputData": {}}}, "ResourceNotFound", "nowhere"),
        ({"endpoint": "e", "properties": {"miniBatchSize": 0}}, "UserError", "properties.miniBatchSize"),
    ],
)
def test_a_message_that_can_never_work_is_set_aside_with_its_reason(
    application, receive, unique_name, content, code, words
):
    message_id = unique_name("m")
    assert receive(content, message_id) is None
    envelope = poisoned(application, message_id)
    assert envelope["queue"] == JOB_REQUESTS
    assert envelope["error"]["code"] == code
    assert words in envelope["error"]["message"]
    assert envelope["message"] == (content if isinstance(content, dict) else json_or_text(content))


def json_or_text(body):
    return [1] if body == b"[1]" else body.decode()


def test_a_message_too_large_for_the_envelope_is_set_aside_in_part(application, receive, unique_name):
    message_id = unique_name("m")
    receive(('"' * 40_000).encode(), message_id)
    envelope = poisoned(application, message_id)
    assert envelope["truncated"]
    assert envelope["message"] == '"' * 3_500


@pytest.mark.parametrize(
    "error", [OSError("no space left"), DependencyError("storage is away"), KeyError("x" * 90_000)]
)
def test_the_last_try_that_fails_sets_the_message_aside_with_the_reason(application, unique_name, error):
    message_id = unique_name("m")
    for count in range(1, MAX_DELIVERIES):
        message = QueueMessage(id=message_id, body=b'{"job": "j"}', dequeue_count=count)
        with pytest.raises(type(error)), delivered(application.account, JOB_REQUESTS, message):
            raise error
    message = QueueMessage(id=message_id, body=b'{"job": "j"}', dequeue_count=MAX_DELIVERIES)
    with delivered(application.account, JOB_REQUESTS, message):
        raise error
    envelope = poisoned(application, message_id)
    assert envelope["error"]["message"][:13] == as_problem(error).message[:13]
    assert "job" in envelope["message"]


@pytest.mark.parametrize("body", [b'"\\ud800"', b"[NaN]", b"[" * 40_000])
def test_a_message_is_set_aside_whatever_it_holds(application, receive, unique_name, body):
    message_id = unique_name("m")
    receive(body, message_id)
    assert poisoned(application, message_id)["message"] == body.decode()


def test_an_outage_leaves_the_message_on_its_queue(receive, message, monkeypatch):
    def fail(*_):
        raise DependencyError("storage is away")

    monkeypatch.setattr("shared.jobs.submission.requests.invoke", fail)
    with pytest.raises(DependencyError):
        receive(message)
