"""Our worker and Azure's own worker library make the same of every type of function."""

import base64
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient

pytestmark = pytest.mark.integration

LIBRARY = "azure-functions-runtime==1.3.0"
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def library_folder(pytestconfig) -> Path:
    """Azure's worker library, which says that it needs Python 3.13 but runs on every one that we support."""
    folder = pytestconfig.cache.mkdir("azure-functions-worker") / LIBRARY
    if not folder.exists():
        draft = folder.with_name(f"draft-{uuid.uuid4().hex}")
        uv = Path(sys.executable).with_name("uv")
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--target", draft, "--no-deps", "--python-version", "3.13", LIBRARY],
            check=True,
        )
        try:
            draft.rename(folder)
        except OSError:
            assert folder.exists()  # another test process was first
    return folder


class Pair:
    """The same app under both workers; each answer is given for both."""

    def __init__(self, hosts: dict, queues: dict, connection_string: str, until) -> None:
        self.hosts = hosts
        self._queues = queues
        self._connection_string = connection_string
        self._until = until

    def same(self, act):
        ours, azures = (act(name, host) for name, host in self.hosts.items())
        assert ours == azures
        return ours

    def http(self, method: str, target: str, body: bytes | None = None):
        def act(_name, host):
            answer = host.send(method, target, body, [("Content-Type", "application/json")])
            ignored = {"date", "server"}
            headers = sorted((key.lower(), value) for key, value in answer.headers if key.lower() not in ignored)
            return answer.status, headers, answer.body

        return self.same(act)

    def queue(self, name: str, kind: str, suffix: str = "") -> QueueClient:
        return QueueClient.from_connection_string(self._connection_string, self._queues[name][kind] + suffix)

    def through_queue(self, kind: str, function: str, text: str) -> list:
        def act(name, host):
            self.queue(name, kind).send_message(base64.b64encode(text.encode()).decode())
            return [call["got"] for call in host.wait_for_calls(function, 1)]

        return self.same(act)

    def orchestrate(self, name: str, body: bytes = b"null", event: bytes | None = None):
        def act(_name, host):
            instance = host.send("POST", f"/start/{name}", body).body.decode()
            if event is not None:
                assert host.send("POST", f"/event/{instance}", event).status == 202
            return self._until(lambda: _finished(host.get(f"/status/{instance}").json()), host.log)

        return self.same(act)


def _texts(queue: QueueClient) -> list[str]:
    try:
        messages = list(queue.receive_messages())
    except ResourceNotFoundError:
        return []
    for message in messages:
        queue.delete_message(message)
    return [base64.b64decode(message.content).decode() for message in messages]


def _finished(status: dict) -> dict | None:
    if status["status"] not in {"Completed", "Failed"}:
        return None
    if status["status"] == "Failed":  # without the stack, whose frames are the worker's own
        status["output"] = status["output"].split("\n")[0]
    return status


@pytest.fixture(scope="module", params=[None, "1", "32"], ids=["all-events", "1-event", "32-events"])
def pair(request, start_host, azurite, library_folder, until) -> Pair:
    programs = {"direct": None, "library": [sys.executable, str(HERE / "library_host.py")]}
    python_path = os.pathsep.join(map(str, (HERE.parents[3], HERE / "apps", library_folder)))
    batch = ("--batch", request.param) if request.param else ()
    hosts, queues = {}, {}
    for name, program in programs.items():
        queues[name] = {kind: f"{kind}-{uuid.uuid4().hex[:10]}" for kind in ("in", "text")}
        for kind in ("in", "text"):
            QueueClient.from_connection_string(azurite.connection_string, queues[name][kind]).create_queue()
        settings = {f"{kind.upper()}_QUEUE": queue for kind, queue in queues[name].items()}
        hosts[name] = start_host(
            "every_kind",
            *batch,
            program=program,
            AzureWebJobsStorage=azurite.connection_string,
            PYTHONPATH=python_path,
            **settings,
        )
    return Pair(hosts, queues, azurite.connection_string, until)


def test_http_function_with_context(pair):
    status, _, body = pair.http("POST", "/http/x?a=1&b=", b"content")
    assert (status, body) == (200, b'["POST", {"a": "1"}, "content", "http_sync", "every_kind", true]')


def test_http_function_that_fails(pair):
    assert pair.http("GET", "/http/fail") == (500, [("content-length", "0")], b"")


def test_http_function_with_a_cookie(pair):
    status, headers, _ = pair.http("GET", "/http/cookie")
    assert status == 202
    assert ("set-cookie", "a=b") in headers


def test_async_http_function_that_returns_text(pair):
    assert pair.http("GET", "/http-async?say=hi")[2] == b"hi"


def test_fastapi_application(pair):
    status, _, body = pair.http("POST", "/web/x", b'{"a": 1, "b": 2}')
    assert (status, body) == (200, b'{"name":"x","sum":3}')


def test_queue_function(pair):
    assert pair.through_queue("in", "queue_sync", "hello") == [["hello", 1, "UTC"]]


def test_async_queue_function(pair):
    assert pair.through_queue("text", "queue_async", "hello") == ["text: hello"]


def test_queue_function_that_fails(pair, until):
    def act(name, host):
        pair.queue(name, "in").send_message(base64.b64encode(b"fail").decode())
        return until(lambda: _texts(pair.queue(name, "in", "-poison")), host.log)

    assert pair.same(act) == ["fail"]


def test_timer_function(pair):
    call = pair.same(lambda _name, host: host.wait_for_calls("timer", 1)[0])
    assert call == {"past_due": False, "status": {}, "name": "timer"}


def test_orchestrator_with_sync_and_async_activities(pair):
    assert pair.orchestrate("fan", b"5") == {
        "status": "Completed",
        "output": [[0, 2, 4, 6, 8], {"keys": ["a", "b"]}, None],
        "custom": {"at": "end"},
    }


def test_activity_failure_that_is_caught(pair):
    assert "ValueError: no milk" in pair.orchestrate("caught")["output"]


def test_orchestrator_that_fails_after_retries(pair):
    ended = pair.orchestrate("uncaught")
    assert ended["status"] == "Failed"
    assert "ValueError: no bread" in ended["output"]


def test_sub_orchestration_and_timer(pair):
    assert pair.orchestrate("parent")["output"][0] == "child"


def test_external_event(pair):
    assert pair.orchestrate("waiting", event=b'{"x": 1}')["status"] == "Completed"


def test_continue_as_new(pair):
    assert pair.orchestrate("counting", b"0")["output"] == 3
