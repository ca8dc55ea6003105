"""Clients of one storage account that know what it acknowledged to them, and so what it has to keep."""

import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from azure.core.exceptions import ResourceNotFoundError, ServiceRequestError, ServiceResponseError
from azure.data.tables import TableServiceClient, UpdateMode
from azure.storage.blob import BlobBlock, BlobServiceClient
from azure.storage.queue import QueueServiceClient

NAMES = 5
NO_RETRIES = {"retry_total": 0, "connection_timeout": 30}


class StorageUser(ABC):
    """Changes random things until the storage is gone; `check` finds all of them again afterwards.

    Attributes:
        kept: what each thing is, as far as the storage has acknowledged it; None for one that is not there.
        doing: the things whose change was not answered: they may be as before or as here.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.kept: dict[str, object] = {}
        self.doing: dict[str, object] = {}

    @abstractmethod
    def connect(self, connection_string: str) -> None:
        """Use the storage at this address from now on."""

    @abstractmethod
    def change(self) -> None:
        """Change one thing."""

    @abstractmethod
    def found(self) -> dict[str, object]:
        """What the storage has, by name; what is not there may be left out."""

    def set(self, name: str, value: object, request: Callable[[], object]) -> None:
        """Have `request` make `name` what `value` says."""
        self.doing[name] = value
        request()
        self.kept[name] = self.doing.pop(name)

    def work(self, answered: Callable[[], None]) -> None:
        """Change things until the storage does not answer any more."""
        try:
            while True:
                self.change()
                answered()
        except (ServiceRequestError, ServiceResponseError):
            return  # killed; a request that it refuses is an error of the test

    def check(self) -> None:
        """Compare with what the storage has, and go on from there."""
        found = self.found()
        for name in self.kept.keys() | self.doing.keys() | found.keys():
            allowed = [self.kept.get(name), *([self.doing[name]] if name in self.doing else [])]
            assert found.get(name) in allowed, name
        self.kept, self.doing = found, {}


class BlobUser(StorageUser):
    """Blobs, and blocks that are not committed yet."""

    def connect(self, connection_string: str) -> None:
        service = BlobServiceClient.from_connection_string(connection_string, **NO_RETRIES)
        self.container = service.get_container_client("things")
        if not self.container.exists():
            self.container.create_container()

    def change(self) -> None:
        name = f"blob{self.random.randrange(NAMES)}"
        blob = self.container.get_blob_client(name)
        state = self.kept.get(name) or (None, ())
        match self.random.randrange(4):
            case 0 if not state[1]:
                content = self.random.randbytes(100)
                self.set(name, (content, ()), lambda: blob.upload_blob(content, overwrite=True))
            case 1:
                block = f"{self.random.randrange(10**6):06}"
                blocks = (*state[1], block)
                self.set(name, (state[0], blocks), lambda: blob.stage_block(block, block.encode()))
            case 2 if state[1]:
                content = "".join(state[1]).encode()
                those = [BlobBlock(block) for block in state[1]]
                self.set(name, (content, ()), lambda: blob.commit_block_list(those))
            case 3 if state[0] is not None and not state[1]:
                self.set(name, None, blob.delete_blob)

    def found(self) -> dict[str, object]:
        listed = self.container.list_blobs(include=["uncommittedblobs"])
        return {name: self._state(name) for name in sorted(blob.name for blob in listed)}

    def _state(self, name: str) -> object:
        blob = self.container.get_blob_client(name)
        blocks = tuple(block.id for block in blob.get_block_list("uncommitted")[1])
        try:
            return blob.download_blob().readall(), blocks
        except ResourceNotFoundError:
            return None, blocks


class QueueUser(StorageUser):
    """Messages: sent, received, changed and deleted; each is known by the text that it began with."""

    def connect(self, connection_string: str) -> None:
        service = QueueServiceClient.from_connection_string(connection_string, **NO_RETRIES)
        self.queue = service.get_queue_client("things")
        if not list(service.list_queues()):
            self.queue.create_queue()

    def change(self) -> None:
        waiting = sum(text is not None for text in self.kept.values())
        message = self.queue.receive_message(visibility_timeout=1) if waiting > self.random.randrange(20) else None
        if message is None:
            name = f"message{self.random.randrange(10**9)}"
            self.set(name, name, lambda: self.queue.send_message(name))
            return
        name = message.content.partition(" ")[0]
        if self.random.random() < 0.5:
            self.set(name, None, lambda: self.queue.delete_message(message))
        else:
            text = f"{name} {self.random.randrange(10**6)}"
            self.set(name, text, lambda: self.queue.update_message(message, content=text, visibility_timeout=0))

    def found(self) -> dict[str, object]:
        deadline = time.monotonic() + 30
        while len(texts := [message.content for message in self.queue.peek_messages(32)]) < self._length():
            assert time.monotonic() < deadline, "a message that was received did not come back"
        return {text.partition(" ")[0]: text for text in texts}

    def _length(self) -> int:
        return self.queue.get_queue_properties().approximate_message_count


class TableUser(StorageUser):
    """Entities of a table, large ones among them; now and then the table is replaced."""

    def connect(self, connection_string: str) -> None:
        self.service = TableServiceClient.from_connection_string(connection_string, **NO_RETRIES)
        self.table = self.service.create_table_if_not_exists("things")

    def change(self) -> None:
        name = f"row{self.random.randrange(NAMES)}"
        state = self.kept.get(name)
        value = str(self.random.randrange(10**6)) * 5000
        match self.random.randrange(3):
            case 0:
                whole = {"A": value}
                self.set(name, whole, lambda: self.table.upsert_entity(self._entity(name, whole), UpdateMode.REPLACE))
            case 1 if state is not None:
                part = {"B": value}
                self.set(name, {**state, **part}, lambda: self.table.update_entity(self._entity(name, part)))
            case 2:
                self.set(name, None, lambda: self.table.delete_entity("p", name))

    def found(self) -> dict[str, object]:
        entities = self.table.list_entities()
        return {
            entity["RowKey"]: {key: value for key, value in entity.items() if key in {"A", "B"}} for entity in entities
        }

    def _entity(self, name: str, properties: dict[str, str]) -> dict[str, str]:
        return {"PartitionKey": "p", "RowKey": name, **properties}


class Kill:
    """Calls `kill` at the answer with the number `after`, whoever gets it."""

    def __init__(self, after: int, kill: Callable[[], object]) -> None:
        self._left = after
        self._kill = kill
        self._lock = threading.Lock()

    def answered(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self._kill()
