"""Connections to names whose meaning changes; the server is a real one on this machine."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import urllib3

from shared.outbound import ForbiddenAddressError, GuardedAdapter, check_outbound_url, guarded_http
from tests.signed_tokens import KeyServer, SigningKey, key_server

pytestmark = pytest.mark.unit

PUBLIC = "93.184.216.34"
UNREACHABLE = "127.0.0.2"


@pytest.fixture(scope="module")
def server() -> Iterator[KeyServer]:
    with key_server(SigningKey("key-1")) as served:
        yield served


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What `rebind.test` means at each look-up; the last answer holds for ever."""
    left: list[list[str]] = []
    known = socket.getaddrinfo

    def look_up(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        if host != "rebind.test":
            return known(host, port, *arguments, **options)
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return left


def named(server: KeyServer) -> str:
    return server.url.replace("127.0.0.1", "rebind.test")


def test_a_name_that_changes_after_its_check_is_not_followed(server: KeyServer, answers: list[list[str]]) -> None:
    answers += [[PUBLIC], ["127.0.0.1"]]
    check_outbound_url(named(server), field="uri")
    with pytest.raises(ForbiddenAddressError, match=r"127\.0\.0\.1"):
        guarded_http(allow_loopback=False).request("GET", named(server))
    assert server.fetches == 0


def test_one_look_up_says_where_to_connect(server: KeyServer, answers: list[list[str]]) -> None:
    answers += [["127.0.0.1"], ["169.254.169.254"]]
    assert guarded_http(allow_loopback=True).request("GET", named(server), retries=False).status == 200


def test_a_name_with_one_forbidden_address_among_others_is_refused(answers: list[list[str]]) -> None:
    answers += [[PUBLIC, "169.254.169.254"]]
    with pytest.raises(ForbiddenAddressError, match=r"169\.254\.169\.254"):
        guarded_http(allow_loopback=True).request("GET", "https://rebind.test/", retries=False)


def test_the_next_address_is_tried_when_one_does_not_answer(server: KeyServer, answers: list[list[str]]) -> None:
    answers += [[UNREACHABLE, "127.0.0.1"]]
    assert guarded_http(allow_loopback=True).request("GET", named(server), retries=False).status == 200


def test_an_unknown_name_is_a_connection_problem_that_may_pass() -> None:
    with pytest.raises(urllib3.exceptions.NameResolutionError):
        guarded_http(allow_loopback=False).request("GET", "http://no-such-host.invalid/", retries=False)


def test_the_azure_sdks_sessions_are_guarded_too(server: KeyServer) -> None:
    for allowed in (True, False):
        with requests.Session() as session:
            session.trust_env = False
            session.mount("http://", GuardedAdapter(allow_loopback=allowed))
            if allowed:
                assert session.get(server.url).status_code == 200
            else:
                with pytest.raises(ForbiddenAddressError):
                    session.get(server.url)
