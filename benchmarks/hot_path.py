"""What the storage calls cost that happen for each task or file, beside the SDK's calls for the same."""

import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from azure.storage.queue import QueueClient

from local.azurite.temporary import temporary_azurite
from shared.contracts.messages import TaskMessage
from shared.storage.account import StorageAccount
from shared.storage.blobs import ensure_container
from shared.storage.hot_path.connect import HotAccount
from shared.storage.ledger import TaskBlock
from shared.storage.queues import ensure_queue, send_all

_BATCH = 32
_VISIBILITY_SECONDS = 300
_CONTAINER, _INPUT, _OUTPUT, _QUEUE = "hot-path", "input.csv", "predictions.csv", "hot-path"
_FILE = b"0.123456," * 100
_ROWS = b"0,0.123456,input.csv\n" * 100


@dataclass(frozen=True)
class CallCost:
    """The mean cost of one call."""

    name: str
    cpu_ms: float
    wall_ms: float
    times: int


def measure_calls(times: int) -> list[CallCost]:
    """The mean of `times` calls of each kind, on an Azurite of their own, one thread."""
    with tempfile.TemporaryDirectory(prefix="bml-bench-") as folder, temporary_azurite(Path(folder)) as azurite:
        account = StorageAccount(connection_string=azurite.connection_string)
        ensure_container(account.blobs, _CONTAINER).upload_blob(_INPUT, _FILE)
        return [*_blob_calls(account, Path(folder) / "file", times), *_queue_calls(account, times)]


def _blob_calls(account: StorageAccount, file: Path, times: int) -> list[CallCost]:
    blobs = HotAccount(account).blobs
    sdk = account.blobs.get_blob_client(_CONTAINER, _INPUT)
    sdk_output = account.blobs.get_blob_client(_CONTAINER, "by-sdk.csv")
    numbers = count()

    def block() -> str:
        return TaskBlock("00000000", next(numbers), 0, rows=100, succeeded=1, failed=0).block_id

    def to_file() -> None:
        with file.open("wb+") as stream:
            blobs.read_to(_CONTAINER, _INPUT, stream)

    return [
        _measured("read an input file to disk (900 bytes)", to_file, times),
        _measured("the same with the SDK", lambda: sdk.download_blob().readall(), times),
        _measured(
            "stage a block of rows (2 kB)", lambda: blobs.stage_block(_CONTAINER, _OUTPUT, block(), _ROWS), times
        ),
        _measured("the same with the SDK", lambda: sdk_output.stage_block(block(), _ROWS), times),
    ]


def _queue_calls(account: StorageAccount, times: int) -> list[CallCost]:
    queue, sdk = HotAccount(account).queue(_QUEUE), ensure_queue(account.queues, _QUEUE)
    receives = -(-times // _BATCH)
    _fill(sdk, (3 * receives + 3) * _BATCH)
    held = [message for _ in range(receives + 1) for message in queue.receive(_BATCH, _VISIBILITY_SECONDS)]
    remaining = iter(held)
    return [
        _measured("receive 32 tasks", lambda: queue.receive(_BATCH, _VISIBILITY_SECONDS), receives),
        _measured("the same with the SDK", lambda: list(_received(sdk)), receives),
        _measured("renew a task", lambda: queue.renew(held[-1], _VISIBILITY_SECONDS), times),
        _measured("delete a task", lambda: queue.delete(next(remaining)), times),
    ]


def _fill(queue: QueueClient, messages: int) -> None:
    send_all(queue, [TaskMessage(task=task, first_mini_batch=task, mini_batches=1) for task in range(messages)])


def _received(queue: QueueClient) -> Iterable[object]:
    return queue.receive_messages(messages_per_page=_BATCH, max_messages=_BATCH, visibility_timeout=_VISIBILITY_SECONDS)


def _measured(name: str, call: Callable[[], object], times: int) -> CallCost:
    """Make the call once to open its connection, then `times` times."""
    call()
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(times):
        call()
    cpu_ms = 1000 * (time.process_time() - cpu) / times
    return CallCost(name, cpu_ms, 1000 * (time.perf_counter() - wall) / times, times)
