"""What the storage calls cost that happen for each task or file, beside the SDK's calls for the same."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from azure.storage.queue import QueueClient

from local.azurite.temporary import temporary_azurite
from scorer_container.node.storage.account import Account
from shared.contracts.messages import TaskMessage
from shared.contracts.progress import ProgressRow
from shared.storage.account import StorageAccount
from shared.storage.blobs import ensure_container
from shared.storage.ledger import TaskBlock
from shared.storage.queues import ensure_queue, send_all

_BATCH = 32
_AT_A_TIME = 8
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
    """The mean of `times` calls of each kind, one at a time, on an Azurite of their own."""
    with tempfile.TemporaryDirectory(prefix="bml-bench-") as folder, temporary_azurite(Path(folder)) as azurite:
        account = StorageAccount(connection_string=azurite.connection_string)
        ensure_container(account.blobs, _CONTAINER).upload_blob(_INPUT, _FILE)
        return asyncio.run(_all_calls(account, Path(folder) / "file", times))


async def _all_calls(account: StorageAccount, file: Path, times: int) -> list[CallCost]:
    node = Account(account)
    try:
        return [
            *await _blob_calls(node, account, file, times),
            *await _queue_calls(node, account, times),
            *await _row_calls(node, times),
        ]
    finally:
        await node.close()


async def _blob_calls(node: Account, account: StorageAccount, file: Path, times: int) -> list[CallCost]:
    sdk = account.blobs.get_blob_client(_CONTAINER, _INPUT)
    sdk_output = account.blobs.get_blob_client(_CONTAINER, "by-sdk.csv")
    numbers = count()

    def block() -> str:
        return TaskBlock("00000000", next(numbers), 0, rows=100, succeeded=1, failed=0).block_id

    async def to_file() -> None:
        with file.open("wb+", buffering=0) as stream:
            await node.blobs.read_to(_CONTAINER, _INPUT, stream)

    async def eight_to_files() -> None:
        await asyncio.gather(*(to_file() for _ in range(_AT_A_TIME)))

    eight = await _measured("", eight_to_files, -(-times // _AT_A_TIME))
    return [
        await _measured("read an input file to disk (900 bytes)", to_file, times),
        _share(f"the same, {_AT_A_TIME} at a time", eight),
        await _measured("the same with the SDK", _blocking(lambda: sdk.download_blob().readall()), times),
        await _measured(
            "stage a block of rows (2 kB)",
            lambda: node.blobs.stage_block(_CONTAINER, _OUTPUT, block(), _ROWS),
            times,
        ),
        await _measured("the same with the SDK", _blocking(lambda: sdk_output.stage_block(block(), _ROWS)), times),
    ]


async def _queue_calls(node: Account, account: StorageAccount, times: int) -> list[CallCost]:
    queue, sdk = node.queue(_QUEUE), ensure_queue(account.queues, _QUEUE)
    receives = -(-times // _BATCH)
    _fill(sdk, (3 * receives + 3) * _BATCH)
    batches = [await queue.receive(_BATCH, _VISIBILITY_SECONDS) for _ in range(receives + 1)]
    held = [message for batch in batches for message in batch]
    remaining = iter(held)
    return [
        await _measured("receive 32 tasks", lambda: queue.receive(_BATCH, _VISIBILITY_SECONDS), receives),
        await _measured("the same with the SDK", _blocking(lambda: list(_received(sdk))), receives),
        await _measured("renew a task", lambda: queue.renew(held[-1], _VISIBILITY_SECONDS), times),
        await _measured("delete a task", lambda: queue.delete(next(remaining)), times),
    ]


async def _row_calls(node: Account, times: int) -> list[CallCost]:
    rows = node.rows("progress", ProgressRow)
    row = ProgressRow(job_id="job", process="node:0", updated=datetime.now(UTC))
    etag = await rows.insert("job", row.process, row)

    async def replace() -> None:
        nonlocal etag
        etag = await rows.replace("job", row.process, row, etag)

    return [await _measured("write a progress row", replace, times)]


def _fill(queue: QueueClient, messages: int) -> None:
    send_all(queue, [TaskMessage(task=task, first_mini_batch=task, mini_batches=1) for task in range(messages)])


def _received(queue: QueueClient) -> Iterable[object]:
    return queue.receive_messages(messages_per_page=_BATCH, max_messages=_BATCH, visibility_timeout=_VISIBILITY_SECONDS)


def _blocking(call: Callable[[], object]) -> Callable[[], Awaitable[None]]:
    """`call` as a function that can be awaited; it blocks the loop, which has nothing else to do."""

    async def awaited() -> None:
        call()

    return awaited


async def _measured(name: str, call: Callable[[], Awaitable[object]], times: int) -> CallCost:
    """Make the call once to open its connection, then `times` times."""
    await call()
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(times):
        await call()
    cpu_ms = 1000 * (time.process_time() - cpu) / times
    return CallCost(name, cpu_ms, 1000 * (time.perf_counter() - wall) / times, times)


def _share(name: str, together: CallCost) -> CallCost:
    """The cost of one of the calls that were made at the same time."""
    cpu_ms, wall_ms = together.cpu_ms / _AT_A_TIME, together.wall_ms / _AT_A_TIME
    return CallCost(name, cpu_ms, wall_ms, together.times * _AT_A_TIME)
