"""Jobs that messages, schedules and new blobs start, and whose end is told to a webhook, on a whole stack."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

import pytest

from local.blob_events.watcher import blob_created
from shared.contracts.messages import BLOB_EVENTS, JOB_REQUESTS, POISON, InvokeMessage
from shared.storage.blobs import DEFAULT_DATASTORE_CONTAINER, ensure_container
from shared.storage.queues import NEVER, message_count, queue_client, send
from tests.e2e.user import TERMINAL, User
from tests.http_server import QuietHandler, serving

pytestmark = pytest.mark.e2e

Eventually = Callable[..., None]
SCRIPT = "def init():\n    pass\n\ndef run(mini_batch):\n    return [open(path).read() for path in mini_batch]\n"


@pytest.fixture
def endpoint(user: User, unique_name: Callable[[str], str]) -> str:
    """An endpoint, and an input of one file in the default datastore."""
    name = unique_name("auto")
    user.bml("compute", "create", "-n", "automation", "--type", "AmlCompute", "--max-instances", "1")
    user.script_endpoint(name, SCRIPT, compute="automation")
    ensure_container(user.account.blobs, DEFAULT_DATASTORE_CONTAINER).upload_blob(f"{name}/in/a.txt", "hello")
    return name


@pytest.fixture
def properties(endpoint: str) -> dict[str, Any]:
    uri = f"azureml://datastores/workspaceblobstore/paths/{endpoint}/in"
    return {"inputData": {"data": {"jobInputType": "UriFolder", "uri": uri}}}


def jobs_of(user: User, endpoint: str) -> list[dict[str, Any]]:
    return list(user.bml("endpoint", "list-jobs", "-n", endpoint))


def has_ended(user: User, endpoint: str) -> bool:
    return any(job["status"] in TERMINAL for job in jobs_of(user, endpoint))


@pytest.fixture
def receiver() -> Iterator[tuple[str, SimpleQueue[dict[str, Any]]]]:
    """The URL of a receiver of webhooks, and the events that came."""
    events: SimpleQueue[dict[str, Any]] = SimpleQueue()

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            events.put(json.loads(self.body()))
            self.answer(204)

    with serving(Handler) as url:
        yield f"{url}/jobs", events


def test_a_message_scores_data_and_its_end_is_told_and_a_wrong_one_is_set_aside(
    user: User,
    endpoint: str,
    properties: dict[str, Any],
    receiver: tuple[str, SimpleQueue[dict[str, Any]]],
    eventually: Eventually,
) -> None:
    url, events = receiver
    properties["notificationSetting"] = {"webhooks": {"ops": {"webhookType": "CloudEvents", "url": url}}}
    queues = user.account.queues
    send(queues, JOB_REQUESTS, InvokeMessage(endpoint=endpoint, properties=properties))
    send(queues, JOB_REQUESTS, InvokeMessage(endpoint="nowhere", properties=properties))
    eventually(lambda: has_ended(user, endpoint), timeout=120, what="the job of the message")
    (job,) = jobs_of(user, endpoint)
    event = events.get(timeout=60)
    assert (event["data"]["runId"], event["data"]["runStatus"]) == (job["name"], "Completed")
    assert user.bml("webhook", "show-secret", "--url", url)["secret"].startswith("whsec_")
    assert job["status"] == "Completed"
    assert user.output(job["name"]) == "hello\n"
    poison = queue_client(queues, JOB_REQUESTS + POISON)
    eventually(lambda: list(poison.peek_messages(32)), what="the envelope")
    assert json.loads(poison.peek_messages(32)[0].content)["error"]["code"] == "ResourceNotFound"


def test_a_schedule_scores_data_when_it_is_due_until_it_is_stopped(
    user: User, endpoint: str, eventually: Eventually
) -> None:
    name = f"{endpoint}-clock"
    place = ("--input-datastore", "azureml:workspaceblobstore", "--input-path", f"{endpoint}/in")
    made = user.bml("schedule", "create", "-n", name, "--cron", "*/5 * * * * *", "-e", endpoint, *place)
    assert (made["is_enabled"], made["last_job"]) == (True, None)
    eventually(lambda: user.bml("schedule", "show", "-n", name)["last_job"], timeout=150, what="a job of the schedule")
    stopped = user.bml("schedule", "disable", "-n", name)
    assert (stopped["is_enabled"], stopped["next_run_time"]) == (False, None)
    job = stopped["last_job"]
    eventually(lambda: user.ended(job), timeout=120, what="the end of the schedule's job")
    assert user.output(job) == "hello\n"
    assert name in {schedule["name"] for schedule in user.bml("schedule", "list")}
    assert user.bml("schedule", "enable", "-n", name)["is_enabled"]
    user.bml("schedule", "delete", "-n", name, "--yes")
    assert user.run("schedule", "show", "-n", name).returncode == 3


def test_new_blobs_start_one_job_each_however_often_they_are_told_of(
    user: User, endpoint: str, eventually: Eventually
) -> None:
    name, folder = f"{endpoint}-blobs", f"azureml://datastores/workspaceblobstore/paths/{endpoint}/in"
    user.bml("trigger", "create", "-n", name, "--path", folder, "--ends-with", ".csv", "-e", endpoint)
    container = ensure_container(user.account.blobs, DEFAULT_DATASTORE_CONTAINER)

    def upload_and_wait(text: str, jobs: int) -> str:
        container.upload_blob(f"{endpoint}/in/b.csv", text, overwrite=True)
        eventually(lambda: shown()["jobs_started"] >= jobs, timeout=150, what=f"job {jobs} of the trigger")
        return str(shown()["last_job"])

    def watcher() -> str:
        query = "processes[?role=='blob-events'].pid | [0]"
        return user.run("local", "status", "--query", query, "-o", "tsv").stdout.strip()

    def shown() -> dict[str, Any]:
        return dict(user.bml("trigger", "show", "-n", name))

    first = upload_and_wait("first", 1)
    (blob,) = container.list_blobs(name_starts_with=f"{endpoint}/in/b.csv")
    event = blob_created("/storageAccounts/devstoreaccount1", container.url, DEFAULT_DATASTORE_CONTAINER, blob)
    eventually(lambda: user.ended(first), timeout=120, what="the end of the first job")
    assert user.output(first) == "first\n"
    assert upload_and_wait("second", 2) != first

    before = user.pid_of("blob-events")
    os.kill(before, signal.SIGKILL)
    eventually(lambda: watcher() not in {"", str(before)}, timeout=150, what="another watcher")
    queue_client(user.account.queues, BLOB_EVENTS).send_message(json.dumps(event), time_to_live=NEVER)
    upload_and_wait("third", 3)
    eventually(lambda: message_count(user.account.queues, BLOB_EVENTS) == 0, what="the last event")
    assert len(jobs_of(user, endpoint)) == shown()["jobs_started"] == 3
    user.bml("trigger", "delete", "-n", name, "--yes")
