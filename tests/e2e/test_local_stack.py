import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from local.data_folder.connection import Connection, read_connection
from tests.strangers import PORTS_OF_A_STACK, answers_to_strangers, ports_of

pytestmark = pytest.mark.e2e

TYPED = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="session")
def connection(stack) -> Connection:
    return read_connection(Path(stack.data_dir))


def call(method: str, url: str, body: str | None = None, headers: dict[str, str] | None = None) -> tuple[int, dict]:
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=60)) as wire:
        wire.request(method, f"{parts.path}?{parts.query}", body, headers or {})
        answer = wire.getresponse()
        return answer.status, json.loads(answer.read())


def token(connection: Connection, audience: str) -> str:
    form = {"grant_type": "client_credentials", "scope": f"{audience}/.default"}
    who = {"client_id": connection.client_id, "client_secret": connection.client_secret}
    return call("POST", connection.token_url, urlencode({**form, **who}), TYPED)[1]["access_token"]


def list_computes(connection: Connection, bearer: str) -> int:
    workspace = (
        f"/subscriptions/{connection.subscription_id}/resourceGroups/{connection.resource_group}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{connection.workspace}"
    )
    url = f"{connection.management_url}{workspace}/computes?api-version=2023-10-01"
    return call("GET", url, headers={"Authorization": f"Bearer {bearer}"})[0]


@pytest.mark.parametrize("audience", ["https://management.azure.com", "https://ml.azure.com", None])
def test_the_application_accepts_the_issuers_tokens_for_every_audience(connection, audience):
    assert list_computes(connection, token(connection, audience or connection.management_url)) == 200


def test_a_token_that_was_changed_is_refused(connection):
    header, claims, signature = token(connection, "https://ml.azure.com").split(".")
    assert list_computes(connection, f"{header}.{claims}.{signature[::-1]}") == 401


def test_no_port_does_anything_for_somebody_without_a_token_or_a_key(stack):
    ports = ports_of(stack)
    assert len(ports) == PORTS_OF_A_STACK, [port.process for port in ports]
    with ThreadPoolExecutor(len(ports)) as pool:
        answers = [
            answer for answers in pool.map(lambda port: list(answers_to_strangers(port)), ports) for answer in answers
        ]
    assert answers == []
