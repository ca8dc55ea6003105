"""Webhooks hear of the end of a job: signed CloudEvents to a real HTTP receiver."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.contracts.bodies import ResourceBody
from shared.contracts.job import JobStatus
from shared.contracts.messages import JOB_NOTIFICATIONS, POISON, NotificationMessage
from shared.control_plane.endpoints.endpoints import put_endpoint
from shared.control_plane.resource_table import Change
from shared.control_plane.workspace import Workspace
from shared.errors import ValidationError
from shared.jobs.notifications import RETRY_SECONDS, notify
from shared.jobs.phases.finish import finish
from shared.signatures import webhook_secret
from shared.storage.queues import queue_client, remove_matching
from tests.http_server import QuietHandler, serving
from tests.integration.workspace_settings import SETTINGS

pytestmark = pytest.mark.integration


class Receiver:
    """What came to a receiver, which answers with `status`."""

    def __init__(self):
        self.status = 200
        self.requests = []
        self.meanwhile = []
        """What happens while the receiver has not answered yet."""


@pytest.fixture
def receiver():
    state = Receiver()

    class Handler(QuietHandler):
        def do_POST(self):
            state.requests.append((dict(self.headers), self.body()))
            if state.meanwhile:
                state.meanwhile.pop()()
            self.answer(state.status, Location="/elsewhere")

    with serving(Handler) as url:
        state.url = f"{url}/hook"
        yield state


@pytest.fixture
def invoke(client, endpoint, folder):
    def post(webhooks):
        uri = f"azureml://datastores/workspaceblobstore/paths/{folder}/data"
        data = {"data": {"jobInputType": "UriFolder", "uri": uri}}
        properties = {"inputData": data, "tags": {"team": "blue"}, "notificationSetting": {"webhooks": webhooks}}
        return client.post(f"/endpoints/{endpoint}/jobs", json={"properties": properties})

    return post


@pytest.fixture
def job(application, invoke, receiver):
    """A job with one webhook, `ops`."""
    answer = invoke({"ops": {"webhookType": "CloudEvents", "url": receiver.url}})
    assert answer.status_code == 201, answer.text
    return application.jobs.get(answer.json()["name"])


def end(application, job, status=JobStatus.FAILED):
    return finish(application.account, application.jobs, application.jobs.get(job.name), status)


def deliver(application, job, **message):
    notify(application, NotificationMessage(job=job.name, webhook="ops", **message))
    return application.jobs.get(job.name).notifications.get("ops")


def taken(application, queue, job):
    """Removes the job's visible messages and returns them."""
    found = []

    def is_mine(text):
        found.extend([json.loads(text)] if job.name in text else [])
        return job.name in text

    remove_matching(application.account.queues, queue, is_mine)
    return found


def test_the_end_of_a_job_is_sent_once_as_a_signed_cloud_event(application, job, receiver):
    end(application, job)
    (message,) = taken(application, JOB_NOTIFICATIONS, job)
    for _ in range(2):  # the queue delivers at least once
        notify(application, NotificationMessage(**message))
    ((headers, body),) = receiver.requests
    event = json.loads(body)
    assert (event["specversion"], event["source"]) == ("1.0", SETTINGS.workspace_id)
    assert event["id"] == headers["webhook-id"]
    assert event["type"] == "Microsoft.MachineLearningServices.RunStatusChanged"
    assert (event["data"]["runId"], event["data"]["runStatus"]) == (job.name, "Failed")
    assert event["data"]["runTags"] == {"team": "blue"}
    assert "ticket=" not in body.decode()
    assert headers["Content-Type"].startswith("application/cloudevents+json")
    secret = webhook_secret(application.account.tables, receiver.url)
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert abs(int(headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 300


def test_a_try_that_fails_does_not_hide_that_another_message_was_delivered(application, job, receiver):
    end(application, job)
    message = NotificationMessage(job=job.name, webhook="ops")

    def deliver_the_other_message():
        notify(application, message)
        receiver.status = 500

    receiver.meanwhile = [deliver_the_other_message]
    notify(application, message)
    assert len(receiver.requests) == 2
    assert application.jobs.get(job.name).notifications["ops"].state == "Delivered"


def test_the_secret_of_another_receiver_is_another(application):
    urls = ("https://a.example/", "https://b.example/")
    assert len({webhook_secret(application.account.tables, url) for url in urls}) == 2


def test_a_message_that_comes_before_the_end_is_written_waits(application, job, receiver):
    assert deliver(application, job) is None
    assert receiver.requests == []
    queue = queue_client(application.account.queues, JOB_NOTIFICATIONS)
    assert queue.get_queue_properties().approximate_message_count


@pytest.mark.parametrize("status", [500, 302, 404])
def test_a_failed_try_is_followed_by_another(application, job, receiver, status):
    end(application, job)
    receiver.status = status
    delivery = deliver(application, job)
    assert (delivery.state, delivery.attempts) == ("Pending", 1)
    assert str(status) in delivery.problem
    receiver.status = 204
    assert deliver(application, job, attempt=2).state == "Delivered"
    first, second = ({name: headers[name] for name in ("webhook-id",)} for headers, _ in receiver.requests)
    assert first == second


@pytest.mark.parametrize(("status", "attempt"), [(500, len(RETRY_SECONDS) + 1), (410, 1)])
def test_after_the_last_try_the_message_is_set_aside(application, job, receiver, status, attempt):
    end(application, job)
    receiver.status = status
    assert deliver(application, job, attempt=attempt).state == "Failed"
    (envelope,) = taken(application, JOB_NOTIFICATIONS + POISON, job)
    assert str(status) in envelope["error"]["message"]
    assert envelope["message"]["attempt"] == attempt


def test_a_webhook_hears_only_of_the_ends_that_it_names(application, invoke, receiver):
    hook = {"webhookType": "CloudEvents", "url": receiver.url, "eventType": "JobCompleted"}
    job = application.jobs.get(invoke({"ops": hook}).json()["name"])
    end(application, job)
    assert deliver(application, job) is None
    assert receiver.requests == []


def test_an_endpoints_webhooks_hold_for_its_jobs(application, endpoint, invoke, receiver):
    def put(**properties):
        put_endpoint(application.workspace, endpoint, ResourceBody(properties=properties), Change())

    theirs = {"webhookType": "CloudEvents", "url": receiver.url}
    put(notificationSetting={"webhooks": {"ops": theirs, "audit": theirs}})
    put(description="an update that does not mention them")
    own = {"webhookType": "CloudEvents", "url": f"{receiver.url}/own"}
    webhooks = application.jobs.get(invoke({"ops": own}).json()["name"]).webhooks
    assert {name: webhook.url for name, webhook in webhooks.items()} == {"ops": own["url"], "audit": theirs["url"]}


@pytest.mark.parametrize(
    ("webhook", "words"),
    [
        ({"webhookType": "AzureDevOps", "url": "http://127.0.0.1:1/"}, "CloudEvents"),
        ({"webhookType": "CloudEvents", "url": "http://169.254.169.254/"}, "webhooks.ops.url"),
        ({"webhookType": "CloudEvents", "url": "http://127.0.0.1:1/", "eventType": "JobStarted"}, "JobCompleted"),
    ],
)
def test_webhooks_that_cannot_be_served_are_refused(invoke, webhook, words):
    answer = invoke({"ops": webhook})
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]


def test_a_workspace_that_others_reach_calls_no_loopback_receiver(application):
    public = replace(SETTINGS, public_url="https://batch.example")
    body = ResourceBody(
        properties={
            "notificationSetting": {"webhooks": {"ops": {"webhookType": "CloudEvents", "url": "http://127.0.0.1:1/"}}}
        }
    )
    with pytest.raises(ValidationError, match="loopback"):
        put_endpoint(Workspace(public, application.account), "heart", body, Change())
