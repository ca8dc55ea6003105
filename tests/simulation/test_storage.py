"""The simulated storage answers as Azurite does: to the node's calls, and to the app's."""

import asyncio
import io
import uuid
from datetime import UTC, datetime
from functools import partial

import pytest
from azure.core.exceptions import HttpResponseError

from scorer_container.node.storage.account import Account
from scorer_container.node.storage.errors import StorageError
from shared.contracts.messages import JobNudge
from shared.contracts.progress import NodeRow, NodeState
from shared.errors import ProductError
from shared.storage import queues
from shared.storage.account import StorageAccount, error_code
from shared.storage.blobs import ensure_container
from shared.storage.ledger import TaskBlock, commit, is_committed
from shared.storage.rows import RowTable
from tests.simulation.chance import Choices
from tests.simulation.clock import EPOCH, virtual_clocks
from tests.simulation.loop import ACTOR, Actor, VirtualLoop
from tests.simulation.storage.network import Network
from tests.simulation.storage.rest import CONNECTION_STRING, connector
from tests.simulation.storage.sdk import SimulatedAccount
from tests.simulation.storage.server import Server

pytestmark = pytest.mark.integration

BLOCK = TaskBlock("0" * 8, 1, 1, 1, 1, 0).block_id
OTHER = TaskBlock("0" * 8, 2, 1, 1, 1, 0).block_id


@pytest.fixture
def simulated():
    """Runs a function with both accounts of one simulated server."""
    loop = VirtualLoop(Choices(script={}))
    server = Server(loop, Choices(script={}))
    network = Network(loop, Choices(script={}))

    async def run(function):
        ACTOR.set(Actor("test"))
        nodes = Account(StorageAccount(connection_string=CONNECTION_STRING), connector(server, network))
        return await function(nodes, SimulatedAccount(server, network))

    def begin(function):
        with virtual_clocks(loop):
            return loop.run_until_complete(run(function))

    yield begin
    loop.bury()


@pytest.fixture
def real(connection_string):
    """Runs a function with both clients of Azurite."""

    async def run(function):
        account = StorageAccount(connection_string=connection_string)
        nodes = Account(account)
        try:
            return await function(nodes, account)
        finally:
            await nodes.close()

    return lambda function: asyncio.run(run(function))


async def outcome(call):
    """Return the kind of answer."""
    try:
        answer = await call
    except (ProductError, StorageError, HttpResponseError) as error:
        return f"{type(error).__name__} {error_code(error)}".strip()
    return answer if isinstance(answer, str | int | bytes | bool | list | type(None)) else type(answer).__name__


async def queue_steps(nodes, account):
    name = f"q{uuid.uuid4().hex[:20]}"
    queue, notes = nodes.queue(name), []
    notes.append(await outcome(queue.receive(1, 30)))
    notes.append(await outcome(queue.exists()))
    await asyncio.to_thread(queues.send, account.queues, name, JobNudge(job="a"))
    notes.append(await outcome(queue.exists()))
    (first,) = await queue.receive(2, 30)
    notes += [first.text, first.dequeue_count, len(await queue.receive(2, 30))]
    stale = first.pop_receipt
    await queue.renew(first, 0, "changed")
    (again,) = await queue.receive(1, 30)
    notes += [again.text, again.dequeue_count]
    first.pop_receipt = stale
    notes.append(await outcome(queue.renew(first, 30)))
    notes.append(await outcome(queue.delete(first)))
    notes.append(await asyncio.to_thread(queues.message_count, account.queues, name))
    notes.append(await outcome(queue.delete(again)))
    notes.append(await outcome(queue.delete(again)))
    await asyncio.to_thread(queues.send, account.queues, name, JobNudge(job="b"))
    (last,) = await queue.receive(1, 30)
    await asyncio.to_thread(queues.delete_queue, account.queues, name)
    notes.append(await outcome(queue.renew(last, 30)))
    notes.append(await outcome(queue.receive(1, 30)))
    notes.append(await asyncio.to_thread(queues.message_count, account.queues, name))
    return notes


async def block_steps(nodes, account):
    name = f"c{uuid.uuid4().hex[:20]}"
    blobs, notes = nodes.blobs, []
    notes.append(await outcome(blobs.stage_block(name, "out", BLOCK, b"1\n")))
    container = await asyncio.to_thread(ensure_container, account.blobs, name)
    blob = container.get_blob_client("out")
    notes.append(await outcome(asyncio.to_thread(blob.get_block_list, "all")))
    await blobs.stage_block(name, "out", BLOCK, b"1\n")
    await blobs.stage_block(name, "out", OTHER, b"2\n")
    notes.append(await outcome(blobs.read(name, "out")))
    notes.append(await outcome(blobs.stage_block(name, "out", "short", b"3\n")))
    committed, staged = await asyncio.to_thread(blob.get_block_list, "all")
    notes += [len(committed), sorted(str(block.id) for block in staged)]
    job = str(uuid.UUID(int=7))
    write = partial(commit, blob, job_id=job, content_type="text/csv")
    notes.append(await outcome(asyncio.to_thread(write, [BLOCK, "gone".ljust(64, "-")])))
    notes.append(await outcome(asyncio.to_thread(write, [OTHER, BLOCK])))
    notes.append(await outcome(blobs.read(name, "out")))
    notes.append(await outcome(asyncio.to_thread(write, [BLOCK])))
    notes.append(await asyncio.to_thread(is_committed, blob, job))
    committed, staged = await asyncio.to_thread(blob.get_block_list, "all")
    notes += [[str(block.id) for block in committed], len(staged)]
    return notes


async def blob_steps(nodes, account):
    name = f"c{uuid.uuid4().hex[:20]}"
    await asyncio.to_thread(ensure_container, account.blobs, name)
    blobs, notes = nodes.blobs, []
    notes.append(await outcome(blobs.look(name, "a")))
    notes.append(await outcome(blobs.put(name, "a", b"one", only_if_missing=True, metadata={"maker": "me"})))
    notes.append(await outcome(blobs.put(name, "a", b"two", only_if_missing=True)))
    look = await blobs.look(name, "a")
    notes.append(dict(look.metadata))
    notes.append(await outcome(blobs.put(name, "a", b"two", only_over=look.etag)))
    notes.append(await outcome(blobs.put(name, "a", b"three", only_over=look.etag)))
    file = io.BytesIO()
    await blobs.read_to(name, "a", file)
    notes.append(file.getvalue())
    notes.append(await outcome(blobs.append(name, "log", b"x", position=0)))
    await blobs.create_append_blob(name, "log")
    notes.append(await outcome(blobs.append(name, "log", b"xy", position=0)))
    await blobs.create_append_blob(name, "log")
    notes.append(await outcome(blobs.append(name, "log", b"z", position=0)))
    notes.append(await outcome(blobs.append(name, "log", b"z", position=2)))
    notes.append(await blobs.length(name, "log"))
    names = await asyncio.to_thread(lambda: list(account.blobs.get_container_client(name).list_blob_names()))
    return [*notes, names]


async def row_steps(nodes, account):
    name = f"t{uuid.uuid4().hex[:20]}"
    rows, table, notes = nodes.rows(name, NodeRow), RowTable(account.tables, name, NodeRow), []
    row = node_row(NodeState.IDLE)
    notes.append(await rows.partition("cpu"))
    notes.append(await outcome(rows.find("cpu", "o'ne")))
    etag = await rows.insert("cpu", "o'ne", row)
    notes.append(await outcome(rows.insert("cpu", "o'ne", row)))
    newer = await rows.replace("cpu", "o'ne", node_row(NodeState.RUNNING), etag)
    notes.append(await outcome(rows.replace("cpu", "o'ne", row, etag)))
    notes.append(await outcome(rows.replace("cpu", "two", row, etag)))
    found = await asyncio.to_thread(table.get, "cpu", "o'ne")
    notes += [found.document.state, found.etag == newer]
    notes.append(await outcome(asyncio.to_thread(table.insert, "cpu", "o'ne", row)))
    await asyncio.to_thread(table.put, "cpu", "two", row)
    notes.append([(row.key, row.document.state) for row in await rows.partition("cpu")])
    notes.append(await asyncio.to_thread(lambda: [row.key for row in table.partition("cpu", "t")]))
    notes.append(await outcome(asyncio.to_thread(table.replace, found, row)))
    notes.append(await outcome(asyncio.to_thread(table.remove, found)))
    await rows.delete("cpu", "o'ne")
    await rows.delete("cpu", "o'ne")
    notes.append(await asyncio.to_thread(table.delete_partition, "cpu"))
    notes.append(await rows.partition("cpu"))
    return notes


def node_row(state):
    moment = datetime.fromtimestamp(EPOCH, UTC)
    return NodeRow(compute="cpu", node_id="o'ne", state=state, since=moment, heartbeat=moment)


@pytest.mark.parametrize("steps", [queue_steps, block_steps, blob_steps, row_steps])
def test_both_answer_alike(steps, simulated, real):
    assert simulated(steps) == real(steps)
