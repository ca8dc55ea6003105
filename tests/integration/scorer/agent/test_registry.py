"""Signing in to the registry with the machine's identity, against both services over HTTP."""

import json
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from scorer_container.agent.registry import Registry
from tests.http_server import QuietHandler, running

pytestmark = pytest.mark.integration


class Services(ThreadingHTTPServer):
    """The metadata service and the registry's token exchange."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, list[str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(QuietHandler):
    server: Services

    def do_GET(self) -> None:
        assert self.headers["Metadata"] == "true"
        self.server.asked.append(parse_qs(urlsplit(self.path).query))
        self.answer(200, json.dumps({"access_token": "identity"}).encode())

    def do_POST(self) -> None:
        self.server.asked.append(parse_qs(self.body().decode()))
        self.answer(200, json.dumps({"refresh_token": "for the registry"}).encode())


@pytest.fixture
def services() -> Iterator[Services]:
    server = Services()
    with running(server):
        yield server


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """Notes what it is called with, and the password."""
    path = tmp_path / "podman"
    path.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/call\ncat > {tmp_path}/password\n')
    path.chmod(0o755)
    return path


def registry(services: Services, engine: Path) -> Registry:
    made = Registry("mine.azurecr.io", "client-1", str(engine), f"{services.url}/metadata")
    made._exchange = f"{services.url}/oauth2/exchange"
    return made


def test_the_identity_is_exchanged_for_the_registrys_token(services, engine, tmp_path):
    registry(services, engine).log_in_for("mine.azurecr.io/team/image:1")
    metadata, exchange = services.asked
    assert metadata["client_id"] == ["client-1"]
    assert exchange == {"grant_type": ["access_token"], "service": ["mine.azurecr.io"], "access_token": ["identity"]}
    assert (tmp_path / "password").read_text() == "for the registry"
    assert (tmp_path / "call").read_text().split() == [
        *("login", "--username=00000000-0000-0000-0000-000000000000", "--password-stdin", "mine.azurecr.io"),
    ]


def test_other_registries_get_no_token(services, engine, tmp_path):
    registry(services, engine).log_in_for("mine.azurecr.io.example.com/image:1")
    assert services.asked == []
    assert not (tmp_path / "call").exists()


def test_a_refused_sign_in_is_told(services, engine):
    engine.write_text("#!/bin/sh\necho 'unauthorized' >&2\nexit 1\n")
    with pytest.raises(OSError, match=r"podman could not log in to mine\.azurecr\.io: unauthorized"):
        registry(services, engine).log_in()
