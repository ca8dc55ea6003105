"""The node's storage calls against a real service."""

import asyncio
import io
import threading
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from local.azurite.endpoints import AzuriteEndpoints
from scorer_container.node.storage.account import Account
from scorer_container.node.storage.errors import (
    BlobGoneError,
    LeaseLostError,
    QueueGoneError,
    StorageConflictError,
    StorageUnavailableError,
)
from shared.contracts.progress import ProgressRow
from shared.contracts.row_documents import entity_of
from shared.errors import ConflictError, NotFoundError, PreconditionFailedError
from shared.storage.account import StorageAccount
from shared.storage.ledger import TaskBlock
from shared.storage.queues import ensure_queue
from shared.storage.rows import RowTable
from tests.integration.scorer.cuttable import CuttableService

pytestmark = pytest.mark.integration


@pytest.fixture
def account(connection_string):
    return StorageAccount(connection_string=connection_string)


@pytest.fixture
def container(account, unique_name):
    return account.blobs.create_container(unique_name())


@pytest_asyncio.fixture
async def hot(account) -> AsyncIterator[Account]:
    hot = Account(account)
    yield hot
    await hot.close()


async def test_a_message_is_received_renewed_and_deleted(account, hot, unique_name):
    name = unique_name()
    ensure_queue(account.queues, name).send_message('{"ü": 1}')
    queue = hot.queue(name)
    (message,) = await queue.receive(32, 30)
    assert (message.text, message.dequeue_count) == ('{"ü": 1}', 1)
    assert await queue.receive(32, 30) == []
    old_receipt = message.pop_receipt
    await queue.renew(message, 0)
    assert message.pop_receipt != old_receipt
    (again,) = await queue.receive(1, 30)
    assert again.dequeue_count == 2
    with pytest.raises(LeaseLostError):
        await queue.delete(message)
    await queue.delete(again)
    with pytest.raises(LeaseLostError):
        await queue.renew(again, 30)
    assert await queue.exists()
    account.queues.delete_queue(name)
    assert not await queue.exists()
    with pytest.raises(QueueGoneError):
        await queue.receive(1, 30)


async def test_blobs_of_every_size_and_odd_names_come_back_as_they_were(container, hot):
    for name, content in (("empty", b""), ("sub folder/ü#?%20+.txt", b"text"), ("big", b"0123456789" * 300_000)):
        await hot.blobs.put(container.container_name, name, io.BytesIO(content))
        assert container.download_blob(name).readall() == content
        into = io.BytesIO()
        await hot.blobs.read_to(container.container_name, name, into)
        assert into.getvalue() == await hot.blobs.read(container.container_name, name) == content
    with pytest.raises(BlobGoneError, match="not-there does not exist"):
        await hot.blobs.read(container.container_name, "not-there")
    with pytest.raises(StorageConflictError):
        await hot.blobs.put(container.container_name, "big", b"", only_if_missing=True)


async def test_blocks_are_staged_for_the_ledger(container, hot):
    blocks = [TaskBlock("0123abcd", task, 1, 1, 1, 0).block_id for task in range(2)]
    await hot.blobs.stage_block(container.container_name, "out.csv", blocks[1], b"two\n")
    await hot.blobs.stage_block(container.container_name, "out.csv", blocks[0], io.BytesIO(b"one\n"))
    blob = container.get_blob_client("out.csv")
    assert not blob.exists()
    blob.commit_block_list(blocks)
    assert blob.download_blob().readall() == b"one\ntwo\n"


async def test_an_append_at_the_wrong_place_is_refused(container, hot):
    name = container.container_name
    await hot.blobs.create_append_blob(name, "log")
    length = await hot.blobs.append(name, "log", b"one", position=0)
    await hot.blobs.create_append_blob(name, "log")
    with pytest.raises(StorageConflictError):
        await hot.blobs.append(name, "log", b"again", position=0)
    assert await hot.blobs.append(name, "log", b"two", position=length) == await hot.blobs.length(name, "log") == 6
    assert await hot.blobs.read(name, "log") == b"onetwo"


async def test_a_row_is_written_over_only_by_who_knows_it(account, hot, unique_table_name):
    name = unique_table_name()
    rows, app = hot.rows(name, ProgressRow), RowTable(account.tables, name, ProgressRow)
    assert await rows.partition("j") == []
    row = ProgressRow(job_id="j", process="node's:0", updated="2026-11-30T12:00:00Z", current_file="ü😀" * 20_000)
    first = await rows.insert("j", row.process, row)
    with pytest.raises(ConflictError):
        await rows.insert("j", row.process, row)
    assert app.get("j", row.process).document == row
    app.put("j", row.process, row.model_copy(update={"done": 1}))
    with pytest.raises(PreconditionFailedError):
        await rows.replace("j", row.process, row, first)
    (found,) = await rows.partition("j")
    assert (found.document.done, await rows.find("j", row.process)) == (1, found)
    second = await rows.replace("j", row.process, row, found.etag)
    assert app.get("j", row.process).etag == second
    for _ in range(2):
        await rows.delete("j", row.process)
    with pytest.raises(NotFoundError):
        await rows.replace("j", row.process, row, second)


async def test_a_partition_of_many_pages_is_read_whole(account, hot, unique_table_name):
    name = unique_table_name()
    rows, row = hot.rows(name, ProgressRow), ProgressRow(job_id="j", process="p", updated="2026-11-30T12:00:00Z")
    await rows.insert("j", "0000", row)
    for start in range(1, 1101, 100):
        entities = [entity_of("j", f"{number:04}", row) for number in range(start, start + 100)]
        account.tables.get_table_client(name).submit_transaction([("create", entity) for entity in entities])
    assert [found.key for found in await rows.partition("j")] == [f"{number:04}" for number in range(1101)]


async def test_a_call_waits_for_a_storage_that_comes_back_and_gives_up_when_told(azurite, container):
    service = CuttableService(azurite.blob_port)
    through = AzuriteEndpoints(service.port, azurite.queue_port, azurite.table_port)
    account = StorageAccount(connection_string=through.connection_string)
    patient, hurried = Account(account), Account(account, patience=0.2)
    name = container.container_name
    await patient.blobs.put(name, "a", b"before")
    service.cut()
    threading.Timer(1, service.mend).start()
    await patient.blobs.put(name, "a", b"text")
    assert container.download_blob("a").readall() == b"text"
    service.cut()
    with pytest.raises(StorageUnavailableError, match=r"did not answer PUT .* within 0\.2 s"):
        await hurried.blobs.put(name, "a", b"text")
    waiting = asyncio.ensure_future(patient.blobs.put(name, "a", b"text"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await patient.close()
