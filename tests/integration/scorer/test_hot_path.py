import io
import threading

import pytest

from local.azurite.endpoints import AzuriteEndpoints
from shared.storage.account import StorageAccount
from shared.storage.hot_path.connect import HotAccount
from shared.storage.hot_path.errors import (
    BlobGoneError,
    LeaseLostError,
    QueueGoneError,
    StoppedError,
    StorageConflictError,
    StorageUnavailableError,
)
from shared.storage.hot_path.transport import Patience
from shared.storage.ledger import TaskBlock
from shared.storage.queues import ensure_queue
from tests.integration.scorer.cuttable import CuttableService

pytestmark = pytest.mark.integration


@pytest.fixture
def account(connection_string):
    return StorageAccount(connection_string=connection_string)


@pytest.fixture
def container(account, unique_name):
    return account.blobs.create_container(unique_name())


@pytest.fixture
def hot(account):
    return HotAccount(account)


def test_a_message_is_received_renewed_and_deleted(account, hot, unique_name):
    name = unique_name()
    ensure_queue(account.queues, name).send_message('{"ü": 1}')
    queue = hot.queue(name)
    (message,) = queue.receive(32, 30)
    assert (message.text, message.dequeue_count) == ('{"ü": 1}', 1)
    assert queue.receive(32, 30) == []
    old_receipt = message.pop_receipt
    queue.renew(message, 0)
    assert message.pop_receipt != old_receipt
    (again,) = queue.receive(1, 30)
    assert again.dequeue_count == 2
    with pytest.raises(LeaseLostError):
        queue.delete(message)
    queue.delete(again)
    with pytest.raises(LeaseLostError):
        queue.renew(again, 30)
    assert queue.exists()
    account.queues.delete_queue(name)
    assert not queue.exists()
    with pytest.raises(QueueGoneError):
        queue.receive(1, 30)


def test_blobs_of_every_size_and_odd_names_come_back_as_they_were(container, hot):
    for name, content in (("empty", b""), ("sub folder/ü#?%20+.txt", b"text"), ("big", b"0123456789" * 300_000)):
        hot.blobs.put(container.container_name, name, io.BytesIO(content))
        assert container.download_blob(name).readall() == content
        into = io.BytesIO()
        hot.blobs.read_to(container.container_name, name, into)
        assert into.getvalue() == hot.blobs.read(container.container_name, name) == content
    with pytest.raises(BlobGoneError, match="not-there does not exist"):
        hot.blobs.read(container.container_name, "not-there")
    with pytest.raises(StorageConflictError):
        hot.blobs.put(container.container_name, "big", b"", only_if_missing=True)


def test_blocks_are_staged_for_the_ledger(container, hot):
    blocks = [TaskBlock("0123abcd", task, 1, 1, 1, 0).block_id for task in range(2)]
    hot.blobs.stage_block(container.container_name, "out.csv", blocks[1], b"two\n")
    hot.blobs.stage_block(container.container_name, "out.csv", blocks[0], io.BytesIO(b"one\n"))
    blob = container.get_blob_client("out.csv")
    assert not blob.exists()
    blob.commit_block_list(blocks)
    assert blob.download_blob().readall() == b"one\ntwo\n"


def test_an_append_at_the_wrong_place_is_refused(container, hot):
    name = container.container_name
    hot.blobs.create_append_blob(name, "log")
    length = hot.blobs.append(name, "log", b"one", position=0)
    hot.blobs.create_append_blob(name, "log")
    with pytest.raises(StorageConflictError):
        hot.blobs.append(name, "log", b"again", position=0)
    assert hot.blobs.append(name, "log", b"two", position=length) == hot.blobs.length(name, "log") == 6
    assert hot.blobs.read(name, "log") == b"onetwo"


def test_a_call_waits_for_a_storage_that_comes_back_and_gives_up_when_told(azurite, container):
    service = CuttableService(azurite.blob_port)
    through = AzuriteEndpoints(service.port, azurite.queue_port, azurite.table_port)
    stop = threading.Event()
    account = StorageAccount(connection_string=through.connection_string)
    patient = HotAccount(account, Patience(stop=stop))
    hurried = HotAccount(account, Patience(seconds=0.2))
    service.cut()
    mend = threading.Timer(1, service.mend)
    mend.start()
    patient.blobs.put(container.container_name, "a", b"text")
    assert container.download_blob("a").readall() == b"text"
    service.cut()
    with pytest.raises(StorageUnavailableError, match=r"did not answer PUT .* within 0\.2 s"):
        hurried.blobs.put(container.container_name, "a", b"text")
    threading.Timer(0.5, stop.set).start()
    with pytest.raises(StoppedError):
        patient.blobs.put(container.container_name, "a", b"text")
