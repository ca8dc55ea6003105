"""Tables as a node meets them in Azure: it may not create any, and needs none created."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError
from azure.data.tables import TableServiceClient

from shared.contracts.progress import NodeRow
from shared.storage.rows import RowTable

pytestmark = pytest.mark.integration


class Tables(ThreadingHTTPServer):
    """A table service that refuses to create tables with `refusal` and has no row."""

    refusal = (403, "AuthorizationPermissionMismatch")

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.asked: list[str] = []

    def client(self) -> TableServiceClient:
        credential = AzureNamedKeyCredential("account", "a2V5")
        return TableServiceClient(
            f"http://127.0.0.1:{self.server_address[1]}/account", credential=credential, retry_total=0
        )


class _Answers(BaseHTTPRequestHandler):
    server: Tables

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(*self.server.refusal)

    def do_GET(self) -> None:
        self._answer(404, "ResourceNotFound")

    def _answer(self, status: int, code: str) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        body = json.dumps({"odata.error": {"code": code, "message": {"lang": "en-US", "value": code}}}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def tables() -> Iterator[Tables]:
    with Tables() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_who_may_not_create_a_table_uses_the_one_that_the_deployment_made(tables: Tables) -> None:
    nodes = RowTable(tables.client(), "nodes", NodeRow)
    assert nodes.find("c", "n") is None
    assert nodes.find("c", "n") is None
    assert [asked.split()[0] for asked in tables.asked] == ["POST", "GET", "GET"]


def test_any_other_refusal_is_an_error(tables: Tables) -> None:
    tables.refusal = (400, "InvalidInput")
    with pytest.raises(HttpResponseError, match="InvalidInput"):
        RowTable(tables.client(), "nodes", NodeRow).find("c", "n")
