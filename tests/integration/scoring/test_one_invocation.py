"""How many modules a reader opens to follow one invocation until its plan begins."""

import asyncio
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, SimpleNamespace

import azure.functions as func
import pytest
from azure.functions.queue import QueueMessage

from shared.contracts.messages import JobRequest
from shared.security.tokens import SigningKeys, TokenVerifier
from shared.triggers.background import activities, functions, orchestration
from shared.triggers.http import functions as http
from shared.triggers.http.framework.authorization import authorizer
from shared.triggers.http.scoring import scoring_app
from tests.signed_tokens import AUDIENCE, ISSUER, SigningKey, key_server

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[3]
NOT_COUNTED = ("shared/contracts/", "shared/observability/")
"""Typed values and telemetry: nobody opens these files to follow what happens."""
MOST = 25


class Trace:
    """The modules from which a function was called, in the order of the first call; the first `list_inputs` ends it."""

    def __init__(self) -> None:
        self.is_on = False
        self.modules: dict[str, str] = {}

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if self.is_on and event == "call" and frame.f_code.co_name != "<module>":
            path = frame.f_code.co_filename.removeprefix(f"{ROOT}/")
            if path.startswith("shared/") and not path.startswith(NOT_COUNTED):
                self.modules.setdefault(path, frame.f_code.co_name)
                self.is_on = frame.f_code.co_name != "list_inputs"


@contextmanager
def traced() -> Iterator[Trace]:
    trace = Trace()
    before = sys.getprofile()
    threading.setprofile(trace)  # for the threads that start from now on
    sys.setprofile(trace)
    try:
        yield trace
    finally:
        sys.setprofile(before)
        threading.setprofile(None)


def user_function(builder: object) -> Callable[..., object]:
    """What a decorated function of a blueprint runs."""
    function = builder._function.get_user_function()  # type: ignore[attr-defined]
    return getattr(function, "__wrapped__", function)


class Client:
    """A durable client of a hub without orchestrations; it keeps what was started."""

    async def get_status(self, instance_id: str) -> None:
        return None

    async def start_new(self, name: str, instance_id: str, client_input: object) -> None:
        self.started = client_input


def first_activity(start: object) -> dict[str, object]:
    """What the orchestration asks for first."""
    moment = "2026-11-22T15:12:16.9466740Z"
    begin = {"EventType": 12, "EventId": -1, "IsPlayed": False, "Timestamp": moment}
    given = {"Name": orchestration.ORCHESTRATOR, "Version": "", "Input": json.dumps(json.dumps(start))}
    history = [begin, {**begin, "EventType": 0, **given}]
    context = {"instanceId": "job", "isReplaying": False, "parentInstanceId": None, "upperSchemaVersion": 1}
    context |= {"input": json.dumps(start), "history": history}
    answer = json.loads(orchestration.batch_job._function.get_user_function()(json.dumps(context)))
    ((retried,),) = answer["actions"]
    (activity,) = retried["compoundActions"]
    assert activity["functionName"] == "list_inputs"
    return json.loads(activity["input"])


@pytest.fixture
def one_invocation(application, endpoint, folder, monkeypatch):
    """Invokes through the functions of the HTTP trigger, the queue, the orchestration and its first activity."""
    key = SigningKey("key-1")
    uri = f"azureml://datastores/workspaceblobstore/paths/{folder}/data"
    body = {"properties": {"inputData": {"data": {"jobInputType": "UriFolder", "uri": uri}}}}
    with key_server(key) as keys:
        verifier = TokenVerifier(ISSUER, (AUDIENCE,), SigningKeys(keys.url))
        authorize = authorizer(application.workspace.settings, verifier, application.access, application.jobs)
        for module in (functions, activities):
            monkeypatch.setattr(module, "application", lambda: application)
        monkeypatch.setattr(http, "blueprint", func.Blueprint())
        http._register("scoring", "endpoints", lambda: scoring_app(application, authorize))
        app = func.FunctionApp()
        app.register_functions(http.blueprint)
        (scoring,) = app.get_functions()
        serve = scoring.get_user_function()

        async def run() -> None:
            request = func.HttpRequest(
                "POST",
                f"http://localhost/endpoints/{endpoint}/jobs",
                headers={"authorization": f"Bearer {key.token()}", "content-type": "application/json"},
                body=json.dumps(body).encode(),
            )
            answer = await serve(request, SimpleNamespace(invocation_id="i", function_name="scoring"))
            assert answer.status_code == 201, answer.get_body()
            message = JobRequest(job=json.loads(answer.get_body())["name"]).model_dump_json().encode()
            client = Client()
            await user_function(functions.on_job_request)(message=QueueMessage(body=message), client=client)
            asked = await asyncio.to_thread(first_activity, client.started)
            listing = await asyncio.to_thread(user_function(activities.list_inputs), asked)
            assert listing == {"files": 3, "marker": None, "done": True}

        yield run


async def test_a_reader_opens_few_modules_to_follow_a_warm_invocation(one_invocation):
    with traced() as trace:
        await one_invocation()
        trace.is_on = True
        await one_invocation()
    assert list(trace.modules)[-1] == "shared/triggers/background/activities.py", "the trace reaches the plan"
    listed = "\n".join(f"{number:3} {path}: {name}" for number, (path, name) in enumerate(trace.modules.items(), 1))
    assert len(trace.modules) <= MOST, f"{len(trace.modules)} modules, at most {MOST}:\n{listed}"
