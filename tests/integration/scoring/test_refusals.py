"""Storage that a user names and that refuses the service: the caller hears at once which it was and what to check."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceResponseError

from shared.contracts.bodies import ResourceBody
from shared.control_plane.datastores.datastores import put_datastore
from shared.control_plane.resource_table import Change
from shared.errors import DataRefusedError
from shared.storage.blobs import ensure_container
from shared.storage.refusals import UnansweredError
from shared.triggers.http.framework.errors import storage_failure
from shared.triggers.wiring import Application

pytestmark = pytest.mark.integration

KEY = {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": "d3Jvbmc="}}


@pytest.fixture
def invoke(client: Any, endpoint: str) -> Callable[..., Any]:
    def post(**properties: Any) -> Any:
        return client.post(f"/endpoints/{endpoint}/jobs", json={"properties": properties})

    return post


@pytest.fixture
def add_datastore(application: Application) -> Callable[..., None]:
    """A datastore that nobody has tried."""

    def add(name: str, container: str, **changes: Any) -> None:
        account = application.account.account_name
        place = {"datastoreType": "AzureBlob", "accountName": account, "containerName": container}
        body = ResourceBody(properties={**place, "credentials": KEY, **changes})
        put_datastore(application.workspace, name, body, Change(), validate=False)

    return add


def folder_of(uri: str) -> dict[str, Any]:
    return {"inputData": {"d": {"jobInputType": "UriFolder", "uri": uri}}}


def captured(answer: Any) -> str:
    assert answer.status_code == 400, answer.text
    return str(answer.json()["error"]["message"])


def test_a_wrong_key_of_a_datastore_is_named_for_inputs_and_outputs(
    invoke: Callable[..., Any], add_datastore: Callable[..., None], folder: str
) -> None:
    add_datastore("locked", "azureml-blobstore")
    inside = f"azureml://datastores/locked/paths/{folder}/data"
    written = f"azureml://datastores/workspaceblobstore/paths/{folder}/data"
    outputs = {"outputData": {"o": {"uri": f"azureml://datastores/locked/paths/{folder}/o.csv"}}}
    for answer in (invoke(**folder_of(inside)), invoke(**folder_of(written), **outputs)):
        message = captured(answer)
        assert message.startswith("datastore 'locked' (http"), message
        assert (
            "/azureml-blobstore) refuses this service: AuthorizationFailure; the key or signature is wrong" in message
        )
        assert "try again" not in message
    free = {"outputData": {"o": {"uri": f"azureml://datastores/workspaceblobstore/paths/{folder}/o.csv"}}}
    assert invoke(**folder_of(written), **free).status_code == 201, "the refused invocation has reserved nothing"


def test_a_container_that_is_gone_is_named(
    application: Application, invoke: Callable[..., Any], add_datastore: Callable[..., None], folder: str
) -> None:
    key = application.account.blobs.credential.account_key
    secret = {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": key}}
    add_datastore("gone", "no-such-container", credentials=secret)
    written = folder_of(f"azureml://datastores/workspaceblobstore/paths/{folder}/data")
    outputs = {"outputData": {"o": {"uri": "azureml://datastores/gone/paths/o.csv"}}}
    for answer in (invoke(**folder_of("azureml://datastores/gone/paths/x")), invoke(**written, **outputs)):
        assert "/no-such-container) refuses this service: ContainerNotFound; there is no such container" in captured(
            answer
        )


def test_an_account_that_does_not_exist_is_named_at_once(
    invoke: Callable[..., Any], add_datastore: Callable[..., None]
) -> None:
    add_datastore("nowhere", "abc", accountName="bmlnosuchaccount0")
    message = captured(invoke(**folder_of("azureml://datastores/nowhere/paths/x")))
    assert message.startswith(
        "datastore 'nowhere' (https://bmlnosuchaccount0.blob.core.windows.net/abc) cannot be reached"
    )


@pytest.mark.parametrize("name", ["in/a\x01b.csv", "in/a\ufffe/b.csv"])
def test_a_container_with_a_name_that_no_listing_can_hold_is_named_at_once(
    application: Application,
    invoke: Callable[..., Any],
    add_datastore: Callable[..., None],
    unique_name: Callable[[str], str],
    name: str,
) -> None:
    container = unique_name("odd")
    add_datastore("odd", container, credentials={"credentialsType": "None"})
    ensure_container(application.account.blobs, container).upload_blob(name, b"1")
    begun = time.monotonic()
    message = captured(invoke(**folder_of("azureml://datastores/odd/paths/in")))
    assert f"/{container} cannot be listed: a blob or folder in it probably has a name that XML cannot hold" in message
    assert time.monotonic() - begun < 20, "nobody tries again what cannot work"


def test_the_same_holds_for_whoever_lists_the_containers_of_the_service(
    application: Application, unique_name: Callable[[str], str]
) -> None:
    container = ensure_container(application.account.blobs, unique_name("odd"))
    container.upload_blob("a\x01b", b"1")
    with pytest.raises(DataRefusedError, match="cannot be listed"):
        list(container.list_blobs())


class _Answer:
    def __init__(self, status: int) -> None:
        self.status_code, self.reason, self.headers = status, "x", {"x-ms-error-code": "Code"}


@pytest.mark.parametrize(
    ("error", "reason", "may_pass"),
    [
        (UnansweredError("datastore 'd' (https://x) does not answer: ConnectTimeoutError"), "datastore 'd'", True),
        (ServiceResponseError("cut"), "ServiceResponseError", True),
        (HttpResponseError("x", response=_Answer(503)), "HttpResponseError", True),
        (HttpResponseError("x", response=_Answer(429)), "HttpResponseError", True),
        (HttpResponseError("x", response=_Answer(403)), "the roles of its identity", False),
        (HttpResponseError("x", response=_Answer(400)), "HttpResponseError", False),
    ],
)
def test_only_temporary_failures_suggest_a_retry(error: Exception, reason: str, may_pass: bool) -> None:
    failure = storage_failure(error)
    assert (failure.http_status, reason in failure.message) == (502, True)
    assert failure.message.endswith("; try again") == may_pass
