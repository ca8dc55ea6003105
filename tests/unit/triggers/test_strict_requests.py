from typing import Annotated, Any

import azure.functions as func
import pytest
from fastapi import Body, Header, Query
from starlette.testclient import TestClient

from shared.contracts.strict_json import MAX_DEPTH
from shared.errors import ValidationError
from shared.triggers.http.framework.app_factory import new_app
from shared.triggers.http.framework.middleware import MAX_BYTES, check_transport

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def client() -> TestClient:
    app = new_app("t", "things", "d")

    @app.post("/things")
    def echo(body: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        return body

    @app.get("/things")
    def nothing(
        top: Annotated[str, Query(alias="$top")] = "", agent: Annotated[str, Header(alias="user-agent")] = ""
    ) -> dict[str, Any]:
        return {"top": top, "agent": agent}

    @app.put("/things")
    def lists(body: Annotated[list[int], Body()]) -> list[int]:
        return body

    return TestClient(app)


def nested(depth: int) -> str:
    return '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)


def test_a_body_within_the_limits_arrives_whole(client: TestClient) -> None:
    text = '[{\\"' * 1000
    sent = f'{{"text": "{text}", "deep": {nested(MAX_DEPTH - 1)}}}'
    assert client.post("/things", content=sent).json()["text"] == '[{"' * 1000
    assert client.get("/things").status_code == 200


def test_a_body_that_comes_in_parts_is_put_together(client: TestClient) -> None:
    assert client.post("/things", content=iter([b'{"a"', b": 1}"])).json() == {"a": 1}


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        (b'{"a": "' + b"x" * MAX_BYTES + b'"}', 413, "upload files to a datastore"),
        (nested(MAX_DEPTH + 1).encode(), 400, "more than 64 deep"),
        (b"[" * 100_000, 400, "more than 64 deep"),
        (b'{"a": NaN}', 400, "NaN is not a number"),
        (b'{"a": "\\ud800"}', 400, "half of a surrogate pair"),
        (b"\xff", 400, "The body is not valid JSON: byte 0 is not UTF-8"),
    ],
)
def test_a_body_beyond_them_is_refused_in_the_envelope(
    client: TestClient, content: bytes, status: int, reason: str
) -> None:
    answer = client.post("/things", content=content)
    assert answer.status_code == status
    assert reason in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("$top=1&%24top=2", "'$top' more than once"),
        ("a=1&b=2&a=1", "'a' more than once"),
        ("$skip=2", "'$skip' is not supported: use $top, $skiptoken, $orderBy"),
        ("$Top=2", "'$Top' is not supported"),
        ("a=%ff", "not UTF-8"),
        ("a=%ED%A0%80", "not UTF-8"),
        ("a=x%00y", "control character"),
    ],
)
def test_a_query_that_would_not_be_read_as_it_is_is_refused(client: TestClient, query: str, reason: str) -> None:
    answer = client.get(f"/things?{query}")
    assert (answer.status_code, reason in answer.json()["error"]["message"]) == (400, True), answer.text


def test_a_plain_query_passes(client: TestClient) -> None:
    assert client.get("/things?$top=%C3%A9+1&other=&orderByAsc=false").json()["top"] == "é 1"


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("repeatability_request-id", b"\xff", 400),
        ("repeatability_request-id", "é".encode(), 400),
        ("azureml-model-deployment", b"x" * 1001, 400),
        ("If-Match", b"\xc3", 400),
        ("Content-Encoding", b"gzip", 415),
        ("Content-Encoding", b"identity", 200),
        ("User-Agent", b"\xff", 200),
    ],
)
def test_a_header_is_refused_where_its_text_matters(client: TestClient, name: str, value: bytes, status: int) -> None:
    answer = client.get("/things", headers=[(name.encode(), value)])
    assert answer.status_code == status
    assert status == 200 or name.lower() in answer.json()["error"]["message"].lower()


@pytest.mark.parametrize("path", ["/things/a%00b", "/things/a%5Cb", "/things/a%0Ab"])
def test_a_path_with_characters_of_no_name_is_refused(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, "The path" in answer.json()["error"]["message"]) == (400, True)


def test_the_answer_to_a_mass_of_errors_is_short(client: TestClient) -> None:
    answer = client.put("/things", content=b"[" + b'"x",' * 200_000 + b'"x"]')
    assert answer.status_code == 400
    assert (len(answer.content) < 20_000, "and 199981 more" in answer.text) == (True, True)


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("http://x/endpoints/%ff/jobs", {}),
        ("http://x/endpoints/a%2Fb/jobs", {}),
        ("http://x:port/endpoints/a/jobs", {}),
        ("http://[x/endpoints/a/jobs", {}),
        ("http://x/endpoints/a/jobs", {"user-agent": "\udcff"}),
    ],
)
def test_a_request_that_cannot_become_one_of_asgi_is_refused(url: str, headers: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="is not valid"):
        check_transport(func.HttpRequest("GET", url, headers=headers, params={}, route_params={}, body=b""))


def test_a_plain_request_becomes_one_of_asgi() -> None:
    url, headers = "http://x/endpoints/%C3%A9/jobs?a=%2F", {"user-agent": "é"}
    check_transport(func.HttpRequest("GET", url, headers=headers, params={}, route_params={}, body=b""))
