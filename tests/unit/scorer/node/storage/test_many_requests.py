"""Many requests at the same time to a server that answers in every form and piece, and often not at all."""

import asyncio
import io
from random import Random

import pytest

from scorer_container.node.storage.errors import NoAnswerError
from scorer_container.node.storage.http_client import HttpClient
from tests.unit.scorer.node.storage.scripted_server import HANG_UP, Peer, Step, ok, scripted

pytestmark = pytest.mark.unit

REQUESTS = 400
AT_A_TIME = 16


def _step(dice: Random) -> Step:
    """An answer that repeats the path of its request."""
    form, count = dice.randrange(7), dice.choice([1, 1, 3, 20_000])
    cut = dice.random()

    async def answer(peer: Peer) -> None:
        whole = _formed(form, peer.target * count)
        first = int(len(whole) * cut)
        await peer.send(whole[:first])
        await asyncio.sleep(0)
        if form == 5:  # breaks off
            peer.writer.close()
            return
        await peer.send(whole[first:])
        if form == 6:
            peer.writer.close()

    return HANG_UP if dice.random() < 0.03 else answer


def _formed(form: int, body: bytes) -> bytes:
    if form == 0:
        return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    if form == 1:
        return b"HTTP/1.1 100 Continue\r\n\r\n" + ok(body)
    if form == 6:
        return b"HTTP/1.1 200 OK\r\n\r\n" + body
    return ok(body)


@pytest.mark.parametrize("seed", range(3))
async def test_nobody_gets_a_part_of_an_answer_or_that_of_somebody_else(seed: int) -> None:
    dice = Random(seed)
    numbers, whole = iter(range(REQUESTS)), 0

    async def ask(client: HttpClient, number: int) -> None:
        nonlocal whole
        target, into = f"/{number:06}/", io.BytesIO()
        if number % 2:
            answer = (await client.request("GET", target, {}, None, 60)).body
        else:
            await client.download(target, {}, into, 60)
            answer = into.getvalue()
        assert answer
        assert answer == target.encode() * (len(answer) // len(target))
        assert len(answer) // len(target) in {1, 3, 20_000}
        whole += 1

    async def work(client: HttpClient) -> None:
        for number in numbers:
            call = asyncio.ensure_future(ask(client, number))
            if dice.random() < 0.1:
                await asyncio.sleep(0)
                call.cancel()
            try:
                await call
            except (NoAnswerError, asyncio.CancelledError):
                continue

    async with scripted(*(_step(dice) for _ in range(REQUESTS))) as server:
        client = HttpClient(server.url, None)
        await asyncio.gather(*(work(client) for _ in range(AT_A_TIME)))
        await client.close()
    assert whole > REQUESTS / 2
