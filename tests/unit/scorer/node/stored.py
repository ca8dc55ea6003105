"""Azure Storage in memory, as the node's clients show it. Each call can be made to fail or to hang."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

from scorer_container.node.storage.blobs import BlobLook
from scorer_container.node.storage.errors import (
    BlobGoneError,
    LeaseLostError,
    QueueGoneError,
    StorageConflictError,
    StorageUnavailableError,
)
from scorer_container.node.storage.queue import Received
from scorer_container.node.storage.rows import Row
from shared.contracts.job_spec import Location
from shared.errors import ConflictError, NotFoundError, PreconditionFailedError

UNAVAILABLE = StorageUnavailableError("no answer")


class Disturbed:
    """Counts calls and lets some of them fail: `fail[<call>]` is a list of what the next ones do.

    An exception is raised, an event is awaited first, None changes nothing.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.fail: dict[str, list[Exception | asyncio.Event | None]] = {}

    async def meet(self, call: str) -> None:
        self.calls.append(call)
        await asyncio.sleep(0)
        trouble = self.fail[call].pop(0) if self.fail.get(call) else None
        if isinstance(trouble, asyncio.Event):
            await trouble.wait()
        elif trouble is not None:
            raise trouble


@dataclass
class Message:
    text: str
    id: str
    receipt: str = ""
    dequeues: int = 0
    visible_at: float = 0.0


class MemoryQueue(Disturbed):
    """A queue; the loop's clock is the server's."""

    def __init__(self, name: str = "job-1") -> None:
        super().__init__()
        self.name = name
        self.messages: list[Message] = []
        self.is_gone = False
        self._numbers = itertools.count(1)

    def put(self, text: str, dequeues: int = 0) -> Message:
        message = Message(text, f"m{next(self._numbers)}", dequeues=dequeues)
        self.messages.append(message)
        return message

    async def send(self, text: str) -> None:
        await self._meet("send")
        self.put(text)

    async def receive(self, count: int, seconds: int) -> list[Received]:
        await self._meet("receive")
        visible = [message for message in self.messages if message.visible_at <= now()][:count]
        return [self._received(message, seconds) for message in visible]

    async def renew(self, message: Received, seconds: int, text: str | None = None) -> None:
        await self._meet("renew")
        found = self._held(message)
        found.visible_at = now() + seconds
        found.text = found.text if text is None else text
        found.receipt = message.pop_receipt = f"r{next(self._numbers)}"

    async def delete(self, message: Received) -> None:
        await self._meet("delete")
        self.messages.remove(self._held(message))

    async def exists(self) -> bool:
        await self.meet("exists")
        return not self.is_gone

    async def _meet(self, call: str) -> None:
        await self.meet(call)
        if self.is_gone:
            raise QueueGoneError(f"queue {self.name} does not exist")

    def _received(self, message: Message, seconds: int) -> Received:
        message.receipt = f"r{next(self._numbers)}"
        message.visible_at = now() + seconds
        message.dequeues += 1
        return Received(message.id, message.receipt, message.dequeues, message.text)

    def _held(self, message: Received) -> Message:
        for found in self.messages:
            if (found.id, found.receipt) == (message.id, message.pop_receipt):
                return found
        raise LeaseLostError(f"queue {self.name}: the message is no longer ours")


class MemoryRows(Disturbed):
    """Rows of one table, with ETags and a server's clock."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[tuple[str, str], Row[Any]] = {}
        self.history: list[Any] = []
        self._etags = itertools.count(1)

    def set(self, partition: str, key: str, document: Any, age: float = 0) -> str:
        etag = f"e{next(self._etags)}"
        stamp = datetime.fromtimestamp(now() - age, UTC)
        self.rows[partition, key] = Row(partition, key, document, etag, stamp)
        self.history.append(document)
        return etag

    async def insert(self, partition: str, key: str, document: Any) -> str:
        await self.meet("insert")
        if (partition, key) in self.rows:
            raise ConflictError("exists")
        return self.set(partition, key, document)

    async def replace(self, partition: str, key: str, document: Any, etag: str) -> str:
        await self.meet("replace")
        if (partition, key) not in self.rows:
            raise NotFoundError("not found")
        if self.rows[partition, key].etag != etag:
            raise PreconditionFailedError("changed")
        return self.set(partition, key, document)

    async def find(self, partition: str, key: str) -> Row[Any] | None:
        await self.meet("find")
        return self.rows.get((partition, key))

    async def partition(self, name: str) -> list[Row[Any]]:
        await self.meet("partition")
        return [row for (partition, _), row in sorted(self.rows.items()) if partition == name]

    async def delete(self, partition: str, key: str) -> None:
        await self.meet("delete")
        self.rows.pop((partition, key), None)


@dataclass
class Blob:
    content: bytes
    etag: str
    metadata: dict[str, str] = field(default_factory=dict)


class MemoryBlobs(Disturbed):
    """Blobs by name, whatever their container, and the blocks that were staged for them."""

    def __init__(self) -> None:
        super().__init__()
        self.blobs: dict[str, Blob] = {}
        self.staged: dict[str, dict[str, bytes]] = {}
        self.order: list[tuple[str, str]] = []
        self._etags = itertools.count(1)

    async def read(self, _container: str, name: str) -> bytes:
        await self.meet("read")
        return self._found(name).content

    async def stage_block(self, _container: str, name: str, block_id: str, body: bytes | BinaryIO) -> None:
        await self.meet("stage_block")
        self.staged.setdefault(name, {})[block_id] = content_of(body)
        self.order.append((name, block_id))

    async def put(
        self, _container: str, name: str, body: Any, *, only_if_missing=False, only_over="", metadata=None
    ) -> None:
        await self.meet("put")
        found = self.blobs.get(name)
        if (only_if_missing and found) or (only_over and (not found or found.etag != only_over)):
            raise StorageConflictError(name)
        self.blobs[name] = Blob(content_of(body), f"b{next(self._etags)}", dict(metadata or {}))
        self.order.append((name, ""))

    async def look(self, _container: str, name: str) -> BlobLook:
        await self.meet("look")
        found = self._found(name)
        return BlobLook(found.etag, found.metadata)

    async def create_append_blob(self, _container: str, name: str) -> None:
        self.blobs.setdefault(name, Blob(b"", "a"))

    async def append(self, _container: str, name: str, body: bytes, *, position: int) -> int:
        blob = self._found(name)
        assert position == len(blob.content)
        self.blobs[name] = replace(blob, content=blob.content + body)
        return position + len(body)

    async def length(self, _container: str, name: str) -> int:
        return len(self._found(name).content)

    def _found(self, name: str) -> Blob:
        if name not in self.blobs:
            raise BlobGoneError(f"{name} does not exist")
        return self.blobs[name]


class MemorySources(Disturbed):
    """Input files by their relative paths; results go to `output`."""

    def __init__(self, output: MemoryBlobs) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}
        self.fetched: list[str] = []
        self._output = output

    def blobs(self, _location: Location) -> MemoryBlobs:
        return self._output

    async def fetch(self, _location: Location, name: str, into: BinaryIO) -> None:
        await self.meet(name)
        if name not in self.files:
            raise BlobGoneError(f"{name} does not exist")
        into.write(self.files[name])
        self.fetched.append(name)


class MemoryAccount:
    """The workspace's account."""

    def __init__(self) -> None:
        self.blobs = MemoryBlobs()
        self.sources = MemorySources(self.blobs)
        self.queues: dict[str, MemoryQueue] = {}
        self.tables: dict[str, MemoryRows] = {}

    def queue(self, name: str) -> MemoryQueue:
        return self.queues.setdefault(name, MemoryQueue(name))

    def rows(self, table: str, _document: object = None) -> MemoryRows:
        return self.tables.setdefault(table, MemoryRows())


def content_of(body: bytes | BinaryIO) -> bytes:
    if isinstance(body, bytes):
        return body
    body.seek(0)
    return body.read()


def now() -> float:
    return asyncio.get_running_loop().time()


def later(stamp: datetime, seconds: float) -> datetime:
    return stamp + timedelta(seconds=seconds)


def soon(condition: Callable[[], Any], seconds: float = 60):
    """Wait until `condition` holds."""

    async def wait() -> Any:
        deadline = now() + seconds
        while not (value := condition()):
            assert now() < deadline, "not in time"
            await asyncio.sleep(0.01)
        return value

    return wait()
