"""A caller of the management API in tests."""

from dataclasses import dataclass
from typing import Any

from starlette.testclient import TestClient

from tests.signed_tokens import SigningKey

API_VERSION = "2023-10-01"


@dataclass(frozen=True)
class ManagementApi:
    """Requests below the workspace; `http` is the plain client."""

    http: TestClient
    workspace_id: str
    key: SigningKey

    def request(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.key.token()}"} | options.pop("headers", {})
        params = {"api-version": API_VERSION} | options.pop("params", {})
        url = path if path.startswith("/") else f"{self.workspace_id}/{path}".rstrip("/")
        return self.http.request(method, url, headers=headers, params=params, **options)

    def get(self, path: str, **params: Any) -> Any:
        return self.request("GET", path, params=params)

    def put(self, path: str, properties: dict[str, Any], headers: dict[str, str] | None = None, **envelope: Any) -> Any:
        body = {"properties": _body(path, properties)} | envelope
        return self.request("PUT", path, json=body, headers=headers or {})

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self.request("POST", path, json=body)

    def delete(self, path: str, headers: dict[str, str] | None = None) -> Any:
        return self.request("DELETE", path, headers=headers or {})


def _body(path: str, properties: dict[str, Any]) -> dict[str, Any]:
    if path.startswith("computes/"):
        return {"computeType": "AmlCompute"} | properties
    return properties


def message_of(answer: Any, status: int) -> str:
    """The message of an error answer in ARM's envelope; fails when it is not one of this status."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    error = answer.json()["error"]
    assert error["code"]
    return str(error["message"])
