from __future__ import annotations

from typing import Annotated, Any

import pytest
from fastapi import Body
from starlette.testclient import TestClient

from shared.triggers.request_bodies import MAX_BYTES, MAX_DEPTH
from shared.triggers.surface import surface

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def client() -> TestClient:
    app = surface("t", "things", "d")

    @app.post("/things")
    def echo(body: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        return body

    @app.get("/things")
    def nothing() -> dict[str, Any]:
        return {}

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
    ],
)
def test_a_body_beyond_them_is_refused_in_the_envelope(
    client: TestClient, content: bytes, status: int, reason: str
) -> None:
    answer = client.post("/things", content=content)
    assert answer.status_code == status
    assert reason in answer.json()["error"]["message"]
