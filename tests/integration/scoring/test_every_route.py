"""Bad input is refused by name, on every route: no answer has a status of 500 or more, and nothing is changed."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.requests import Request

from shared.contracts.messages import JOB_REQUESTS
from shared.security.access import Caller
from shared.storage.queues import message_count
from shared.triggers.http.discovery import discovery_app, metadata_app, schemas_app
from shared.triggers.http.history import datasets_app, history_app
from shared.triggers.http.management.app import management_app
from shared.triggers.http.scoring import job_lists_app, scoring_app
from shared.triggers.http.studio import studio_app
from shared.triggers.wiring import Application
from tests.integration.scoring.asgi import ask
from tests.integration.workspace_settings import SETTINGS

pytestmark = pytest.mark.integration

WORKSPACE = SETTINGS.workspace_id
STUDIO_PATHS = {"/studio/jobs/{job}": {"get": {}}, "/studio/jobs/{job}/now": {"get": {}}}
BAD_NAMES = ["a/b", "a b#?", "\0", "é" * 1200]
BAD_VALUES: list[Any] = ["x" * 40_000, "\0/../é", -1, 1e308, [{}] * 300, {"x" * 2_000: {"": None}}]


@pytest.fixture
def surfaces(application: Application) -> dict[str, FastAPI]:
    def authorize(request: Request) -> Caller:
        request.state.caller = Caller(oid="o", name="tester", tenant="t")
        return request.state.caller

    return {
        "management": management_app(application, authorize),
        "scoring": scoring_app(application, authorize),
        "history": history_app(application, authorize),
        "datasets": datasets_app(application, authorize),
        "frontend": job_lists_app(application, authorize),
        "studio": studio_app(application),
        "discovery": discovery_app(application),
        "metadata": metadata_app(application),
        "schemas": schemas_app(SETTINGS),
    }


def kept(application: Application) -> object:
    """All that a request could have changed: rows, messages that start jobs, containers of uploads."""
    account = application.account
    rows = {
        (str(table.name), row["PartitionKey"], row["RowKey"]): row.metadata["etag"]
        for table in account.tables.list_tables()
        for row in account.tables.get_table_client(table.name).list_entities()
    }
    containers = {str(container.name) for container in account.blobs.list_containers()}
    return rows, message_count(account.queues, JOB_REQUESTS), containers


def routes(surfaces: dict[str, FastAPI]) -> Iterator[tuple[FastAPI, str, str]]:
    """Each route with its app and method; the workspace stands in its path already."""
    for app in surfaces.values():
        paths = app.openapi()["paths"] if app.openapi_url else STUDIO_PATHS
        for template, operations in paths.items():
            path = template.format_map(_Workspace())
            yield from ((app, method, path) for method in operations)


class _Workspace(dict[str, str]):
    """Fills the names of the workspace in, and leaves the others."""

    def __missing__(self, name: str) -> str:
        served = {"subscription": "s", "resource_group": "g", "workspace": "w"}
        return served.get(name, f"{{{name}}}")


async def test_no_route_takes_a_name_that_none_can_have(
    application: Application, surfaces: dict[str, FastAPI], endpoint: str
) -> None:
    before, tried = kept(application), 0
    for app, method, path in routes(surfaces):
        names = [part for part in path.split("/") if part.startswith("{")]
        for name in names:
            for bad in BAD_NAMES:
                filled = path.replace(name, bad)
                for other in names:
                    filled = filled.replace(other, "other")
                answer = await ask(app, method, filled, body={})
                assert 400 <= answer.status < 500, f"{method} {filled!r}: {answer}"
                assert len(answer.body) < 10_000
                tried += 1
    assert tried > 250
    assert kept(application) == before


async def test_every_app_refuses_text_that_could_be_read_in_two_ways(
    application: Application, surfaces: dict[str, FastAPI], endpoint: str
) -> None:
    before = kept(application)
    wrong: list[dict[str, Any]] = [
        {"body": b'{"properties": {"x": NaN}}'},
        {"query": b"api-version=2023-10-01&api-version=2024-01-01"},
        {"headers": {"content-encoding": b"gzip"}, "body": b"\x1f\x8b\x08\x00broken"},
    ]
    for app, method, path in routes(surfaces):
        for parts in wrong:
            answer = await ask(app, method, path.replace("{", "").replace("}", ""), **parts)
            assert answer.status in {400, 415}, f"{method} {path} {parts}: {answer}"
            assert answer.message
    assert kept(application) == before


def bodies(endpoint: str, store: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    """A good body for each route that reads one."""
    invoked = {"inputData": {"d": {"jobInputType": "UriFolder", "uri": f"{store}/data"}}}
    definition = {"endpoint": endpoint, "deployment": "active", "properties": invoked}
    action = {"actionType": "InvokeBatchEndpoint", "endpointInvocationDefinition": definition}
    webhook = {"webhookType": "CloudEvents", "url": "http://127.0.0.1:1/x", "eventType": "JobFailed"}
    scale = {"minNodeCount": 0, "maxNodeCount": 1, "nodeIdleTimeBeforeScaleDown": "PT2M"}
    key = {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": "a2V5"}}
    place = {"datastoreType": "AzureBlob", "accountName": "acc", "containerName": "abc", "protocol": "https"}
    settings = {
        "miniBatchSize": 1,
        "outputFileName": "a.csv",
        "errorThreshold": 1,
        "retrySettings": {"maxRetries": 1, "timeout": "PT1S"},
        "loggingLevel": "Info",
        "environmentVariables": {"A": "b"},
    }
    scripted = {
        "model": {"assetId": "azureml:m:1"},
        "compute": "azureml:scoring-cluster",
        "resources": {"instanceCount": 1},
        "codeConfiguration": {"codeId": "azureml:x:1", "scoringScript": "./score.py"},
        "environmentId": "azureml:e:1",
    }
    managed: dict[str, dict[str, Any]] = {
        "computes/c1": {"properties": {"computeType": "AmlCompute", "properties": {"scaleSettings": scale}}},
        "models/f/versions/1": {"properties": {"modelUri": f"{store}/model", "modelType": "mlflow_model"}},
        "data/f/versions/1": {"properties": {"dataUri": f"{store}/data", "tags": {"a": "1"}}},
        "environments/f/versions/1": {"properties": {"image": "i", "condaFile": "dependencies: []"}},
        "codes/f/versions/1": {"properties": {"codeUri": f"{store}/model", "properties": {"hash_sha256": "x"}}},
        "datastores/f1": {"properties": {**place, "credentials": key}},
        "batchEndpoints/f00": {
            "properties": {"defaults": {"deploymentName": "d"}, "notificationSetting": {"webhooks": {"a": webhook}}}
        },
        f"batchEndpoints/{endpoint}/deployments/fuzz": {"properties": {**scripted, **settings}},
        "blobTriggers/f": {
            "properties": {"trigger": {"triggerType": "BlobCreated", "path": f"{store}/in"}, "action": action}
        },
        "jobs/x": {"properties": {"displayName": "x", "tags": {"a": "b"}, "isArchived": False}},
        "models/m": {"properties": {"isArchived": False}},
    }
    dated = {"dataset": {"dataInputType": "DataUrl", "path": f"{store}/data"}, "outputDataset": {"path": "o"}}
    return {
        **{("management", "PUT", f"{WORKSPACE}/{path}"): body for path, body in managed.items()},
        ("scoring", "POST", f"/endpoints/{endpoint}/jobs"): {"properties": {**invoked, **settings}},
        ("scoring", "POST", f"/endpoints/{endpoint}/jobs?"): {"properties": dated},
        ("management", "POST", f"{WORKSPACE}/listWebhookSecret"): {"url": "http://127.0.0.1:1/x"},
        ("management", "POST", f"{WORKSPACE}/datastores/workspaceblobstore/listSecrets"): {"expireAfterHours": 1},
        ("history", "POST", f"/history/v1.0{WORKSPACE}/rundata"): {"runId": "x"},
        ("history", "PATCH", f"/history/v1.0{WORKSPACE}/experiments/e/runs/x"): {"tags": {}, "hidden": False},
        ("datasets", "POST", f"/data/v1.0{WORKSPACE}/dataversion/batchGetResolvedUris"): {"values": ["x"]},
    }


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a body."""
    yield place
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*place, key))


def replaced(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    """The body with something else at a place."""
    if not place:
        return new
    copy = value.copy()
    copy[place[0]] = replaced(value[place[0]], place[1:], new)
    return copy


async def test_no_value_of_a_body_is_answered_with_a_failure_of_the_service(
    surfaces: dict[str, FastAPI], endpoint: str, folder: str
) -> None:
    store, turn = f"azureml://datastores/workspaceblobstore/paths/{folder}", 0
    for (surface, method, path), body in bodies(endpoint, store).items():
        for place in places(body):
            turn += 1  # two of the values at each place: each kind of value meets each kind of member
            for bad in (BAD_VALUES[turn % len(BAD_VALUES)], BAD_VALUES[(turn + 2) % len(BAD_VALUES)]):
                answer = await ask(surfaces[surface], method, path.rstrip("?"), body=replaced(body, place, bad))
                assert answer.status < 500, f"{method} {path} {place} {bad!r:.50}: {answer}"
                assert answer.status < 400 or len(answer.body) < 20_000


REFUSED: list[tuple[dict[str, Any], dict[str, bytes], str]] = [
    ({"outputFileName": "é." }, {}, "ends with a dot"),
    ({"outputDataset": {"path": "a/b\x01/c"}}, {}, "control character U+0001"),
    ({"outputDataset": {"path": "a" * 1020}}, {}, "storage allows 1,024"),
    ({"outputData": {"o": {"uri": "azureml://datastores/workspaceblobstore/paths/a\r/o.csv"}}}, {}, "U+000D"),
    ({"inputData": {"d": {"jobInputType": "UriFile", "uri": "azureml:d:1/"}}}, {}, "'azureml:d:1/' is not valid"),
    ({"inputData": {"d": {"jobInputType": "UriFile", "uri": "azureml:d!:1"}}}, {}, "asset name 'd!' must have"),
    ({"inputData": {"d": {"jobInputType": "UriFile", "uri": "azureml:d:"}}}, {}, "'azureml:d:' is not valid"),
    ({"inputData": {"d": {"jobInputType": "UriFile", "uri": "azureml:d:@latest"}}}, {}, "is not valid"),
    ({}, {"azureml-model-deployment": b"a/b"}, "deployment name 'a/b' is not valid"),
    ({}, {"azureml-model-deployment": b"x" * 900}, "deployment name 'xxx"),
]  # fmt: skip


async def test_an_invocation_that_storage_could_not_keep_is_refused_by_name(
    application: Application, surfaces: dict[str, FastAPI], endpoint: str, folder: str
) -> None:
    store = f"azureml://datastores/workspaceblobstore/paths/{folder}"
    today = {"inputData": {"d": {"jobInputType": "UriFolder", "uri": f"{store}/data"}}}
    before = kept(application)
    for changes, headers, reason in REFUSED:
        body = {"properties": {**today, **changes}}
        answer = await ask(surfaces["scoring"], "POST", f"/endpoints/{endpoint}/jobs", headers=headers, body=body)
        assert (answer.status, reason in answer.message) == (400, True), f"{changes} {headers}: {answer}"
    assert kept(application) == before


async def test_data_assets_that_lead_to_each_other_are_refused(
    application: Application, surfaces: dict[str, FastAPI], endpoint: str
) -> None:
    async def put(name: str, version: str, uri: str) -> Any:
        path = f"{WORKSPACE}/data/{name}/versions/{version}"
        return await ask(surfaces["management"], "PUT", path, body={"properties": {"dataUri": uri}})

    assert (await put("other", "1", "azureml:d@latest")).status == 201
    refused = await put("d", "2", "azureml:other:1")
    assert (refused.status, "d → other → d" in refused.message) == (400, True)


@pytest.mark.parametrize("token", [b"x", b"e30=", b"%00", b"eyJQYXJ0aXRpb25LZXkiOiAiYSIsICJSb3dLZXkiOiAiYiJ9" * 40])
async def test_a_token_of_another_list_is_no_failure(surfaces: dict[str, FastAPI], endpoint: str, token: bytes) -> None:
    for surface, path in (("scoring", f"/endpoints/{endpoint}/jobs"), ("management", f"{WORKSPACE}/jobs")):
        query = b"api-version=2023-10-01&$skiptoken=" + token
        assert (await ask(surfaces[surface], "GET", path, query=query)).status == 400


async def test_a_ticket_of_thousands_of_digits_opens_no_page(surfaces: dict[str, FastAPI]) -> None:
    answer = await ask(surfaces["studio"], "GET", "/studio/jobs/x", query=b"ticket=" + b"9" * 5_000 + b".x")
    assert answer.status == 401
