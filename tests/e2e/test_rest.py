"""REST alone, as a client without `bml` uses it: both generations of the body, polling, listing, canceling."""

import json
import socket
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest

from local.stack.inspection import StackStatus
from tests.e2e.user import TERMINAL, User

pytestmark = pytest.mark.e2e

SCRIPT = """
import os, time

def run(mini_batch):
    while "HANG" in os.environ:
        time.sleep(0.05)
    return [f"{os.path.basename(path)},{len(mini_batch)}" for path in mini_batch]

def init():
    pass
"""


class Rest:
    """Calls the service with a token."""

    def __init__(self, user: User, endpoint: str) -> None:
        self.user = user
        self.endpoint = endpoint
        self.token = user.bml("account", "get-access-token", "--resource", "https://ml.azure.com")["accessToken"]
        self.scoring_uri = user.bml("endpoint", "show", "-n", endpoint)["scoring_uri"]

    def call(self, method: str, url: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON of the answer."""
        request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
        for name, value in {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            **headers,
        }.items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except HTTPError as error:
            return error.code, json.loads(error.read())

    def invoke(self, properties: dict[str, Any], **headers: str) -> dict[str, Any]:
        """The new job."""
        status, job = self.call("POST", self.scoring_uri, {"properties": properties}, **headers)
        assert status == 201, job
        return job

    def polled(self, job: dict[str, Any]) -> dict[str, Any]:
        """The job as polling clients see it: at the scoring URI, by the last part of its id."""
        status, found = self.call("GET", f"{self.scoring_uri}/{job['id'].rsplit('/', 1)[1]}")
        assert status == 200, found
        return found


@pytest.fixture(scope="module")
def rest(stack: StackStatus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    user, endpoint = User(Path(stack.data_dir), tmp_path_factory.mktemp("rest")), "rest-endpoint"
    user.bml("compute", "create", "-n", "rest-cluster", "--max-instances", "1")
    user.script_endpoint(endpoint, SCRIPT, compute="rest-cluster")
    container = user.account.blobs.get_container_client("azureml-blobstore")
    for number in range(3):
        container.upload_blob(f"{endpoint}/data/{number}.txt", str(number), overwrite=True)
    yield Rest(user, endpoint)
    user.bml("endpoint", "delete", "-n", endpoint, "--yes")
    user.bml("compute", "delete", "-n", "rest-cluster", "--yes")


def output_of(rest: Rest, path: str) -> str:
    return rest.user.account.blobs.get_blob_client("azureml-blobstore", path).download_blob().readall().decode()


def test_the_body_of_2021_with_every_setting_of_its_own(rest: Rest, eventually: Callable[..., None]) -> None:
    """Members in any case, durations in ISO 8601."""
    store = f"{rest.user.account.blob_url}/azureml-blobstore/{rest.endpoint}"
    job = rest.invoke(
        {
            "DataSet": {"dataInputType": "DataUrl", "Path": f"{store}/data"},
            "outputDataset": {"datastoreId": "azureml:workspaceblobstore", "path": f"{rest.endpoint}/out"},
            "OutputFileName": "mine.csv",
            "miniBatchSize": 2,
            "ERRORTHRESHOLD": 0,
            "retrySettings": {"maxRetries": 2, "Timeout": "PT1M30S"},
            "loggingLevel": "debug",
            "compute": {"instanceCount": 1},
            "tags": {"Team": "Blue"},
        }
    )
    assert job["properties"]["tags"] == {"Team": "Blue"}
    eventually(lambda: rest.polled(job)["properties"]["status"] in TERMINAL, 90, "the end of the job")
    ended = rest.polled(job)
    settings = {name: ended["properties"][name] for name in ("miniBatchSize", "errorThreshold", "loggingLevel")}
    assert settings == {"miniBatchSize": 2, "errorThreshold": 0, "loggingLevel": "Debug"}
    assert ended["properties"]["retrySettings"] == {"maxRetries": 2, "timeout": "PT90S"}
    assert (ended["status"], ended["properties"]["provisioningState"]) == ("Completed", "Succeeded")
    assert output_of(rest, f"{rest.endpoint}/out/mine.csv") == "0.txt,2\n1.txt,2\n2.txt,1\n"


def captured(rest: Rest, file: str, **wanted: Any) -> list[dict[str, Any]]:
    """Lines of the stack's telemetry with these members."""
    found = (line for path in (rest.user.data_dir / "telemetry").glob(f"*/{file}") for line in path.open())
    whole = (json.loads(line) for line in found if line.endswith("\n"))
    return [line for line in whole if wanted.items() <= line.items()]


def test_a_job_is_one_trace_from_the_callers_header_to_its_blocks(rest: Rest, eventually: Callable[..., None]) -> None:
    trace, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    data = f"azureml://datastores/workspaceblobstore/paths/{rest.endpoint}/data"
    body = {"inputData": {"d": {"jobInputType": "UriFolder", "uri": data}}, "miniBatchSize": 1}
    job = rest.invoke(body, traceparent=f"00-{trace}-{caller}-01")
    assert job["properties"]["traceId"] == trace
    eventually(lambda: rest.polled(job)["status"] == "Completed", 90, "the end of the job")
    ids = {"batch.job": job["name"], "batch.endpoint": rest.endpoint, "batch.compute": "rest-cluster"}
    eventually(lambda: captured(rest, "traces.jsonl", trace_id=trace, name="finish"), 30, "the trace's end")
    eventually(lambda: len(captured(rest, "traces.jsonl", trace_id=trace, name="task")) == 3, 30, "the tasks' spans")

    spans = captured(rest, "traces.jsonl", trace_id=trace)
    (invoke,) = [span for span in spans if span["name"] == "invoke"]
    assert (invoke["parent_id"], invoke["kind"]) == (caller, "server")
    steps = [span for span in spans if span["parent_id"] == invoke["span_id"]]
    assert {span["name"] for span in steps} == {"plan", "allocate", "merge", "finish", "prepare", "task"}
    tasks = {span["span_id"]: span["batch.task"] for span in steps if span["name"] == "task"}
    assert sorted(tasks.values()) == [0, 1, 2]
    mini_batches = [span for span in spans if span["name"] == "mini_batch"]
    assert sorted(tasks[span["parent_id"]] for span in mini_batches) == [0, 1, 2]
    assert len(spans) == 1 + len(steps) + len(mini_batches), "no span hangs elsewhere"
    assert all(ids.items() <= span.items() and not span["failed"] for span in spans)
    (node,) = {span["batch.node"] for span in steps if span["name"] in {"prepare", "task"}}
    eventually(
        lambda: captured(rest, "logs.jsonl", trace_id=trace, **ids, **{"batch.node": node}), 30, "the node's log"
    )
    shown = rest.user.bml("local", "trace", "-n", job["name"])
    assert (shown[0]["step"], len(shown)) == ("invoke", len(spans))
    end = {"logger": "shared.jobs.phases.finish", "level": "INFO", "trace_id": trace}
    eventually(lambda: captured(rest, "logs.jsonl", **end, **ids), 30, "the log of the job's end")
    labels = {"endpoint": rest.endpoint, "deployment": "scripted", "compute": "rest-cluster"}
    for metric in ("batch.tasks.completed", "batch.jobs.ended", "batch.merge.duration", "batch.mini_batch.duration"):
        eventually(lambda name=metric: captured(rest, "metrics.jsonl", name=name, **labels), 30, metric)


def test_todays_body_repeated_polled_listed_and_canceled(rest: Rest, eventually: Callable[..., None]) -> None:
    paths = f"azureml://datastores/workspaceblobstore/paths/{rest.endpoint}"
    body = {
        "InputData": {"anything": {"JobInputType": "UriFolder", "Uri": f"{paths}/data/"}},
        "OutputData": {"score": {"JobOutputType": "UriFile", "Uri": f"{paths}/today/rows.csv"}},
        "environmentVariables": {"HANG": "1"},
    }
    once = {"repeatability_request-id": "5c1f4d1c-1a1a-4c7e-8f0e-5d6a3f3b8c11"}
    job = rest.invoke(body, **once)
    assert rest.invoke(body, **once)["name"] == job["name"], "the same request"
    other = rest.invoke({"inputData": body["InputData"], "name": f"{rest.endpoint}-named"})
    assert rest.invoke({"inputData": body["InputData"], "name": other["name"]})["name"] == other["name"]

    status, page = rest.call("GET", f"{rest.scoring_uri}?$top=1")
    assert (status, [found["name"] for found in page["value"]]) == (200, [other["name"]])
    status, rest_of_it = rest.call("GET", page["nextLink"])
    assert (status, [found["name"] for found in rest_of_it["value"]]) == (200, [job["name"]])

    eventually(lambda: rest.polled(job)["properties"]["status"] == "Running", 90, "the first job at work")
    shown = rest.user.job(job["name"])
    workspace = shown["id"].rsplit("/jobs/", 1)[0]
    base = rest.scoring_uri.split("/endpoints/")[0]
    status, _ = rest.call("POST", f"{base}{workspace}/jobs/{job['name']}/cancel?api-version=2023-04-01-preview")
    assert status in {200, 202}
    eventually(lambda: rest.polled(job)["status"] == "Canceled", 60, "the end of the canceled job")
    eventually(lambda: rest.polled(other)["status"] == "Completed", 90, "the end of the other job")
    blob = rest.user.account.blobs.get_blob_client("azureml-blobstore", f"{rest.endpoint}/today/rows.csv")
    assert not blob.exists(), "a canceled job has no output"
    again = rest.invoke({**body, "environmentVariables": {}})
    eventually(lambda: rest.polled(again)["status"] == "Completed", 90, "a job at the place that was given back")
    assert blob.exists()


@pytest.mark.parametrize(
    ("headers", "properties", "status", "said"),
    [
        ({"Authorization": "Bearer nonsense"}, {}, 401, "token"),
        ({"azureml-model-deployment": "nobody"}, {"inputData": {}}, 404, "nobody"),
        ({}, {"dataset": {"dataInputType": "DataUrl", "path": "file:///etc/passwd"}}, 400, "dataset.path"),
        ({}, {"dataset": {"dataInputType": "DataUrl", "path": "http://169.254.169.254/x"}}, 400, "not allowed"),
        (
            {},
            {"dataset": {"dataInputType": "DatasetVersion", "datasetName": "gone", "datasetVersion": "1"}},
            404,
            "gone",
        ),
        ({}, {"miniBatchSize": "many", "inputData": {}}, 400, "miniBatchSize"),
        ({}, {"retrySettings": {"timeout": "soon"}, "inputData": {}}, 400, "timeout"),
    ],
)
def test_a_wrong_request_is_answered_in_azures_envelope_and_starts_nothing(
    rest: Rest, headers: dict[str, str], properties: dict[str, Any], status: int, said: str
) -> None:
    before = rest.call("GET", rest.scoring_uri)[1]["value"]
    got, answer = rest.call("POST", rest.scoring_uri, {"properties": properties}, **headers)
    assert (got, said in answer["error"]["message"]) == (status, True), answer
    assert answer["error"]["code"]
    names = [[job["name"] for job in jobs] for jobs in (before, rest.call("GET", rest.scoring_uri)[1]["value"])]
    assert names[0] == names[1]


@pytest.mark.parametrize(
    ("target", "header", "status", "said"),
    [
        ("/endpoints/%ff/jobs", b"", 400, "endpoint name"),
        ("/endpoints/a%2Fb/jobs", b"", 400, "a slash"),
        ("/endpoints/a%00b/jobs", b"", 400, "control character"),
        ("/endpoints/a/jobs", b"user-agent: \xff\r\n", 400, "not UTF-8"),
        ("/endpoints/a/jobs", b"content-encoding: gzip\r\n", 415, "packed"),
    ],
)
def test_bytes_that_no_client_sends_are_answered_in_azures_envelope(
    rest: Rest, target: str, header: bytes, status: int, said: str
) -> None:
    address = urlsplit(rest.scoring_uri)
    head = f"GET {target} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {rest.token}\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(head.encode() + header + b"Connection: close\r\n\r\n")
        answer = HTTPResponse(connection)
        answer.begin()
        assert (answer.status, said in json.loads(answer.read())["error"]["message"]) == (status, True)
