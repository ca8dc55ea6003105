"""The client's connections: when they are used again, when not, and what a call gets when one breaks."""

import asyncio
import io
import socket
from pathlib import Path
from typing import Any

import pytest

from local.loopback.authority import ensure_certificates
from local.loopback.certificates import TlsFiles
from scorer_container.node.storage.client import Body, Client, Response
from scorer_container.node.storage.errors import NoAnswerError
from scorer_container.node.storage.http_client import connector
from scorer_container.node.storage.http_connection import Connection
from scorer_container.node.storage.http_request import Request
from shared.outbound import ForbiddenAddressError
from tests.unit.scorer.node.storage.scripted_server import (
    CLOSE,
    HANG_UP,
    NEVER,
    Clock,
    Peer,
    Server,
    ok,
    scripted,
)

pytestmark = pytest.mark.unit

SILENCE = 30.0


def client_of(server: Server, path: str = "") -> Client:
    return connector(allow_loopback=True)(server.url + path, False)


async def ask(client: Client, method: str = "GET", body: Body = None, **headers: str) -> Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.request(method, "/c/b?sig=x", names, body, SILENCE)


async def test_a_request_says_what_it_wants_and_one_connection_carries_many() -> None:
    async with scripted(ok(b"one", "ETag: e"), ok(), ok(), ok(status="404 Not Found")) as server:
        client = client_of(server, "/account/")
        first = await ask(client, x_ms_version="v")
        assert (first.status, first.headers["etag"], first.body) == (200, "e", b"one")
        assert (await ask(client, "PUT", b"text")).body == b""
        await ask(client, "PUT")
        assert (await ask(client, "DELETE")).status == 404
        await client.close()
    assert server.connections == 1
    head, _ = server.requests[0]
    assert head.split("\r\n") == [
        *("GET /account/c/b?sig=x HTTP/1.1", f"host: 127.0.0.1:{server.port}", "accept-encoding: identity"),
        "x-ms-version: v",
    ]
    assert server.requests[1][1] == b"text"
    assert [head.partition("content-length: ")[2] for head, _ in server.requests] == ["", "4", "0", ""]


@pytest.mark.parametrize(
    "first",
    [
        ok(b"text", "Connection: close"),
        ok(b"text") + CLOSE,
        ok(b"text") + b"surplus",
        b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\ntext",
        b"HTTP/1.1 200 OK\r\n\r\ntext" + CLOSE,
    ],
)
async def test_a_connection_that_is_of_no_more_use_is_replaced_before_the_next_request(first: bytes) -> None:
    async with scripted(first, ok(b"two")) as server:
        client = client_of(server)
        assert (await ask(client)).body == b"text"
        await asyncio.wait_for(server.closed.get(), 30)
        assert (await ask(client)).body == b"two"
        await client.close()
    assert server.connections == 2


@pytest.mark.parametrize(
    "first",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntext\r\n0\r\nx: y\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + ok(b"text"),
    ],
)
async def test_odd_answers_leave_the_connection_usable(first: bytes) -> None:
    async with scripted(first, b"HTTP/1.1 204 No Content\r\n\r\n", ok(b"three")) as server:
        client = client_of(server)
        assert [(await ask(client)).body for _ in range(3)] == [b"text", b"", b"three"]
        await client.close()
    assert server.connections == 1


async def test_the_answer_to_head_has_no_body_whatever_its_length_says() -> None:
    async with scripted(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", ok(b"next")) as server:
        client = client_of(server)
        assert (await ask(client, "HEAD")).headers["content-length"] == "900"
        assert (await ask(client)).body == b"next"
        await client.close()
    assert server.connections == 1


async def test_what_comes_without_being_asked_for_is_nobodys_answer() -> None:
    async def twice(peer: Peer) -> None:
        await peer.send(ok(b"one"))
        await first_is_read.wait()
        await peer.send(ok(b"nobody's"))

    first_is_read = asyncio.Event()
    async with scripted(twice, ok(b"two")) as server:
        client = client_of(server)
        assert (await ask(client)).body == b"one"
        first_is_read.set()
        await asyncio.wait_for(server.closed.get(), 30)
        assert (await ask(client)).body == b"two"
        await client.close()


@pytest.mark.parametrize(("header", "idle", "connections"), [("", 50, 1), ("", 70, 2), ("Keep-Alive: timeout=5", 5, 2)])
async def test_a_connection_is_not_used_after_the_server_may_have_forgotten_it(
    header: str, idle: float, connections: int
) -> None:
    clock = Clock()
    async with scripted(ok(b"", *filter(None, [header])), ok()) as server:
        client = client_of(server)
        await ask(client)
        clock.forward(idle)
        await ask(client)
        await client.close()
    assert server.connections == connections


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (HANG_UP, "closed before the answer was complete"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ntext" + CLOSE, "closed before the answer was complete"),
        (b"SSH-2.0\r\n\r\n", "is not the status line"),
    ],
)
async def test_a_broken_answer_is_no_answer_and_the_next_request_has_another_connection(
    answer: bytes, problem: str
) -> None:
    async with scripted(answer, ok(b"two")) as server:
        client = client_of(server)
        with pytest.raises(NoAnswerError, match=problem):
            await ask(client)
        assert (await ask(client)).body == b"two"
        await client.close()
    assert server.connections == 2


async def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = connector(allow_loopback=True)(f"http://127.0.0.1:{port}", False)
    with pytest.raises(NoAnswerError, match="no connection: ConnectionRefusedError"):
        await ask(client)


async def test_a_call_is_given_up_after_so_many_seconds_without_progress() -> None:
    clock, asked, seen = Clock(), asyncio.Event(), asyncio.Queue[None]()

    async def drip(peer: Peer) -> None:
        asked.set()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        for letter in b"abc":
            await seen.get()
            await peer.send(bytes([letter]))
        await peer.reader.read()

    async with scripted(drip) as server:
        call = asyncio.ensure_future(ask(client_of(server)))
        await asked.wait()
        for _ in range(3):
            clock.forward(SILENCE - 1)
            seen.put_nowait(None)
            await turns()
            assert not call.done(), "each byte is progress"
        clock.forward(SILENCE + 1)
        with pytest.raises(NoAnswerError, match="no answer for 30 s"):
            await call
        assert await asyncio.wait_for(server.closed.get(), 30) == 1


class SlowLine(asyncio.Transport):
    """A connection to a server that takes a few bytes now and then, and sends nothing."""

    def __init__(self) -> None:
        self.unsent = 1000

    def write(self, data: object) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def abort(self) -> None:
        pass


async def test_a_body_that_leaves_slowly_is_progress() -> None:
    clock, line, connection = Clock(), SlowLine(), Connection()
    connection.connection_made(line)
    call = asyncio.ensure_future(connection.exchange(Request("PUT", b"", 1000, bytes(1000), SILENCE)))
    await turns()
    for line.unsent in (900, 500, 100):
        clock.forward(SILENCE + 1)
        await turns()
        assert not call.done(), line.unsent
    clock.forward(SILENCE + 1)
    with pytest.raises(NoAnswerError, match="no answer for 30 s"):
        await call


async def turns() -> None:
    """Let both ends do what they can do now."""
    for _ in range(20):
        await asyncio.sleep(0.001)


async def test_an_answer_that_came_while_the_machine_stood_still_counts() -> None:
    clock, asked = Clock(), asyncio.Event()

    async def answer(peer: Peer) -> None:
        asked.set()
        await peer.send(ok(b"late"))

    async with scripted(answer) as server:
        client = client_of(server)
        call = asyncio.ensure_future(ask(client))
        await asked.wait()
        clock.forward(10 * SILENCE)
        assert (await call).body == b"late"
        await client.close()


async def test_a_canceled_call_closes_its_connection() -> None:
    async with scripted(NEVER, ok(b"two")) as server:
        client = client_of(server)
        call = asyncio.ensure_future(ask(client))
        await server.asked.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await asyncio.wait_for(server.closed.get(), 30) == 1
        assert (await ask(client)).body == b"two"
        await client.close()


BIG = bytes(range(256)) * 20_000


@pytest.mark.parametrize("as_file", [True, False])
async def test_a_long_body_arrives_as_it_is(as_file: bool) -> None:
    file = io.BytesIO(BIG)
    file.seek(7)
    async with scripted(ok(), ok()) as server:
        client = client_of(server)
        for _ in range(2):
            await ask(client, "PUT", file if as_file else BIG, content_length=str(len(BIG)))
        await client.close()
    assert [body == BIG for _, body in server.requests] == [True, True]
    assert server.connections == 1


async def test_a_refusal_that_comes_before_the_body_was_sent_is_the_answer() -> None:
    async def refuse(peer: Peer) -> None:
        await peer.send(ok(b"too large", status="413 Payload Too Large"))
        await is_answered.wait()  # and reads nothing of the body

    is_answered = asyncio.Event()
    async with scripted(refuse, ok(b"two")) as server:
        client = client_of(server)
        answer = await asyncio.wait_for(ask(client, "PUT", BIG * 8), 30)
        is_answered.set()
        assert (answer.status, answer.body) == (413, b"too large")
        assert (await ask(client)).body == b"two"
        await client.close()
    assert server.connections == 2


async def test_a_file_that_became_shorter_is_an_error_of_the_file() -> None:
    async with scripted(NEVER) as server:
        with pytest.raises(OSError, match="it became shorter"):
            await ask(client_of(server), "PUT", io.BytesIO(b"text"), content_length="9")
        assert await asyncio.wait_for(server.closed.get(), 30) == 1


class PartialWrites(io.RawIOBase):
    """A file that takes only a part of what it is given, as files without a buffer may."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, data: Any) -> int:
        part = bytes(data[:100_000])
        self.content += part
        return len(part)

    def tell(self) -> int:
        return 0


async def test_a_download_of_any_length_is_written_whole() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(BIG), BIG)
    async with scripted(ok(BIG), chunked, ok(b"short"), ok()) as server:
        client = client_of(server)
        for expected in (BIG, BIG, b"short", b""):
            into = PartialWrites()
            answer = await client.download("/c/b", {}, into, SILENCE)  # type: ignore[arg-type]
            assert (answer.status, answer.body, into.content == expected) == (200, b"", True)
        await client.close()
    assert server.connections == 1


async def test_a_download_that_broke_off_is_begun_anew() -> None:
    part = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BIG), BIG[: len(BIG) // 2])
    async with scripted(part + CLOSE, ok(b"new text")) as server:
        client, into = client_of(server), io.BytesIO()
        with pytest.raises(NoAnswerError):
            await client.download("/c/b", {}, into, SILENCE)
        await client.download("/c/b", {}, into, SILENCE)
        assert into.getvalue() == b"new text"
        await client.close()


async def test_only_a_blob_is_written_to_the_file_and_no_refusal() -> None:
    endless = b"HTTP/1.1 403 Forbidden\r\n\r\n" + BIG
    async with scripted(ok(b"<Error/>", status="404 Not Found"), endless, ok()) as server:
        client, into = client_of(server), io.BytesIO()
        missing = await client.download("/c/b", {}, into, SILENCE)
        assert (missing.status, missing.body, into.getvalue()) == (404, b"<Error/>", b"")
        refused = await client.download("/c/b", {}, into, SILENCE)
        assert (refused.status, BIG.startswith(refused.body), into.getvalue()) == (403, True, b"")
        await ask(client)
        await client.close()
    assert server.connections == 2


@pytest.mark.parametrize(
    ("target", "value"), [("/a b", "v"), ("/a\r\nx: y", "v"), ("/a", "v\r\nx: y"), ("/a", "v\n"), ("/a", "\rv")]
)
async def test_nothing_can_be_smuggled_into_a_request(target: str, value: str) -> None:
    async with scripted(ok()) as server:
        client = client_of(server)
        with pytest.raises(ValueError, match="a line break or space"):
            await client.request("GET", target, {"h": value}, None, SILENCE)
    assert server.requests == []


async def test_requests_at_the_same_time_have_a_connection_each() -> None:
    async with scripted(*[ok()] * 20) as server:
        client = client_of(server)
        await asyncio.gather(*(ask(client) for _ in range(10)))
        most = server.connections
        await asyncio.gather(*(ask(client) for _ in range(10)))
        await client.close()
    assert 1 < most <= 10
    assert server.connections == most


async def test_a_certificate_must_be_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = TlsFiles(tmp_path)
    ensure_certificates(files)
    async with scripted(ok(b"secret"), tls=files.server.server_context()) as server:
        with pytest.raises(NoAnswerError, match="CERTIFICATE_VERIFY_FAILED"):
            await ask(client_of(server))
        monkeypatch.setenv("SSL_CERT_FILE", str(files.authority))
        client = client_of(server)
        assert (await ask(client)).body == b"secret"
        await client.close()


PUBLIC = "93.184.216.34"


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What `rebind.test` means at each look-up; the last answer holds for ever."""
    left: list[list[str]] = []
    known = socket.getaddrinfo

    def look_up(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        if host != "rebind.test":
            return known(host, port, *arguments, **options)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return left


def guarded(server: Server, *, allow_loopback: bool) -> Client:
    return connector(allow_loopback=allow_loopback)(server.url.replace("127.0.0.1", "rebind.test"), True)


async def test_a_users_address_is_looked_up_once_and_connected_to_as_it_was_checked(
    addresses: list[list[str]],
) -> None:
    addresses += [["127.0.0.1"], ["169.254.169.254"]]
    async with scripted(ok(b"text")) as server:
        client = guarded(server, allow_loopback=True)
        assert (await ask(client)).body == b"text"
        assert f"host: rebind.test:{server.port}" in server.requests[0][0]
        await client.close()


@pytest.mark.parametrize("found", [["127.0.0.1"], [PUBLIC, "127.0.0.1"], ["169.254.169.254"]])
async def test_a_user_cannot_lead_the_node_to_an_address_of_its_own_network(
    addresses: list[list[str]], found: list[str]
) -> None:
    addresses += [found]
    async with scripted(ok(b"secret")) as server:
        with pytest.raises(ForbiddenAddressError):
            await ask(guarded(server, allow_loopback=False))
    assert server.connections == 0


async def test_the_next_address_is_tried_when_one_does_not_answer(addresses: list[list[str]]) -> None:
    addresses += [["127.0.0.2", "127.0.0.1"]]
    async with scripted(ok(b"text")) as server:
        client = guarded(server, allow_loopback=True)
        assert (await ask(client)).body == b"text"
        await client.close()


async def test_an_unknown_name_is_no_answer_as_it_may_be_known_soon() -> None:
    client = connector(allow_loopback=False)("http://no-such-host.invalid", True)
    with pytest.raises(NoAnswerError, match="no connection: gaierror"):
        await ask(client)
