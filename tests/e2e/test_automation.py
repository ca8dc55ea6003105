"""Jobs that nobody starts by HTTP: other systems send a message, on a whole stack."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.contracts.messages import JOB_REQUESTS, POISON, InvokeMessage
from shared.storage.containers import DEFAULT_DATASTORE_CONTAINER, ensure_container
from shared.storage.queues import queue_client, send
from tests.e2e.user import TERMINAL, User

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

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


def test_a_message_on_the_queue_scores_data_and_a_wrong_one_is_set_aside(
    user: User, endpoint: str, properties: dict[str, Any], eventually: Eventually
) -> None:
    queues = user.account.queues
    send(queues, JOB_REQUESTS, InvokeMessage(endpoint=endpoint, properties=properties))
    send(queues, JOB_REQUESTS, InvokeMessage(endpoint="nowhere", properties=properties))
    eventually(lambda: has_ended(user, endpoint), timeout=120, what="the job of the message")
    (job,) = jobs_of(user, endpoint)
    assert job["status"] == "Completed"
    assert user.output(job["name"]) == "hello\n"
    poison = queue_client(queues, JOB_REQUESTS + POISON)
    eventually(lambda: list(poison.peek_messages(32)), what="the envelope")
    assert json.loads(poison.peek_messages(32)[0].content)["error"]["code"] == "ResourceNotFound"
