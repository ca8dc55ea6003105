import asyncio
import io

import pytest
from azure.core.exceptions import ClientAuthenticationError

from scorer_container.node.storage.authorization import Anonymous, Authorization, GivenSas
from scorer_container.node.storage.calls import Calls
from scorer_container.node.storage.errors import NoAnswerError, StorageUnavailableError
from tests.unit.scorer.node.storage.played_client import PlayedClient, answer
from tests.unit.scorer.node.virtual_time import loop, run

pytestmark = pytest.mark.unit

BROKEN = NoAnswerError("the connection broke")


def test_a_call_is_tried_until_there_is_an_answer() -> None:
    client = PlayedClient(BROKEN, answer(503), answer(429), answer(408), answer(500), answer(201, b"done"))
    got = run(Calls(client, GivenSas("?sig=x")).request("PUT", "/c/b?comp=block", {"a": "b"}, b"text"))
    assert (got.status, got.body) == (201, b"done")
    assert len(client.asked) == 6
    for asked in client.asked:
        assert (asked.method, asked.target, asked.body) == ("PUT", "/c/b?comp=block&sig=x", b"text")
        assert asked.headers == {"x-ms-version": "2021-12-02", "a": "b"}


@pytest.mark.parametrize("status", [200, 304, 400, 403, 404, 409, 412])
def test_every_other_answer_is_the_callers(status: int) -> None:
    client = PlayedClient(answer(status))
    assert run(Calls(client, Anonymous()).request("GET", "/q")).status == status


def test_patience_ends_and_the_error_says_what_was_asked_and_what_happened() -> None:
    async def ask() -> float:
        client = PlayedClient(BROKEN, *[answer(503, x_ms_error_code="ServerBusy")] * 1000)
        began = loop().time()
        with pytest.raises(
            StorageUnavailableError, match=r"http://storage did not answer GET /q within 60 s: HTTP 503 ServerBusy"
        ):
            await Calls(client, Anonymous(), patience=60).request("GET", "/q")
        assert 15 < len(client.asked) < 40, "the pauses grow to five seconds"
        return loop().time() - began

    assert 60 <= run(ask()) <= 65


def test_a_call_of_which_the_caller_knows_the_end_is_tried_once_for_ten_seconds() -> None:
    client = PlayedClient(BROKEN)
    with pytest.raises(StorageUnavailableError, match="did not answer PUT /q at once: NoAnswerError: the connection"):
        run(Calls(client, Anonymous()).request_once("PUT", "/q"))
    assert [asked.silence for asked in client.asked] == [10]


def test_a_signature_of_the_user_is_in_no_message() -> None:
    client = PlayedClient(BROKEN)
    with pytest.raises(StorageUnavailableError, match=r"GET /a\.csv") as caught:
        run(Calls(client, Anonymous(), patience=0).download("/a.csv?sig=secret", io.BytesIO()))
    assert "secret" not in str(caught.value)


class Rotated(Authorization):
    """A credential that was changed elsewhere."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)

    async def apply(self, target: str, headers: dict[str, str]) -> str:
        return f"{target}?{self.tokens[0]}"

    async def renew(self) -> None:
        if len(self.tokens) > 1:
            del self.tokens[0]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_call_goes_on_with_a_newer_credential(status: int) -> None:
    client = PlayedClient(answer(status), answer(200, b"text"))
    assert run(Calls(client, Rotated("old", "new")).request("GET", "/b")).body == b"text"
    assert [asked.target for asked in client.asked] == ["/b?old", "/b?new"]


def test_a_download_goes_on_with_a_newer_credential() -> None:
    client, into = PlayedClient(answer(403, b"<Error/>"), answer(200, b"text")), io.BytesIO()
    run(Calls(client, Rotated("old", "new")).download("/b", into))
    assert into.getvalue() == b"text"


@pytest.mark.parametrize("tokens", [["only"], ["old", "new"]])
def test_a_second_refusal_or_one_of_the_newest_credential_is_final(tokens: list[str]) -> None:
    client = PlayedClient(*[answer(403)] * len(tokens))
    assert run(Calls(client, Rotated(*tokens, *tokens[1:] * 3)).request("GET", "/b")).status == 403
    assert len(client.asked) == len(tokens)


def test_calls_that_were_refused_together_all_go_on() -> None:
    class Late(Rotated):
        async def renew(self) -> None:
            await asyncio.sleep(1)
            await super().renew()

    async def ask() -> list[int]:
        client = PlayedClient(answer(403), answer(403), answer(200), answer(200))
        calls = Calls(client, Late("old", "new"))
        return [one.status for one in await asyncio.gather(calls.request("GET", "/a"), calls.request("GET", "/b"))]

    assert run(ask()) == [200, 200]


class NoTokenYet(Anonymous):
    def __init__(self) -> None:
        self.failures = 2

    async def apply(self, target: str, headers: dict[str, str]) -> str:
        if self.failures:
            self.failures -= 1
            raise ClientAuthenticationError("the identity's endpoint does not answer")
        return target


def test_an_identity_without_a_token_is_asked_again() -> None:
    assert run(Calls(PlayedClient(answer()), NoTokenYet()).request("GET", "/b")).status == 200


def test_a_canceled_call_is_not_tried_again() -> None:
    async def ask() -> int:
        client = PlayedClient(*[BROKEN] * 100)
        call = asyncio.ensure_future(Calls(client, Anonymous()).request("GET", "/b"))
        await asyncio.sleep(1)
        call.cancel()
        tries = len(client.asked)
        await asyncio.sleep(60)
        assert call.cancelled()
        return len(client.asked) - tries

    assert run(ask()) == 0
