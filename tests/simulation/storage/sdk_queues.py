"""What the app uses of the SDK's queue clients."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.simulation.storage.network import SENDER
from tests.simulation.storage.rest import URLS
from tests.simulation.storage.sdk_calls import SdkCalls


@dataclass
class Properties:
    """A queue."""

    name: str
    approximate_message_count: int = 0


@dataclass
class Message:
    """A received message."""

    id: str
    pop_receipt: str
    dequeue_count: int
    content: str


class QueueService:
    """Stands for QueueServiceClient."""

    def __init__(self, calls: SdkCalls) -> None:
        self.url = URLS["queue"]
        self._calls = calls

    def get_queue_client(self, name: str, **_: Any) -> "Queue":
        return Queue(self._calls, name)

    def list_queues(self, name_starts_with: str = "") -> Iterator[Properties]:
        queues = self._calls.server.queues
        names = self._calls.call("list queues", lambda: queues.names(name_starts_with))
        return iter([Properties(name) for name in names])


class Queue:
    """Stands for QueueClient. Texts go as they are, without the policies that encode them."""

    def __init__(self, calls: SdkCalls, name: str) -> None:
        self._calls, self._queues, self._name = calls, calls.server.queues, name

    def create_queue(self) -> None:
        self._calls.call("create queue", lambda: self._queues.create(self._name), self._name)

    def delete_queue(self) -> None:
        self._calls.call("delete queue", lambda: self._queues.drop(self._name), self._name)

    def get_queue_properties(self) -> Properties:
        return Properties(self._name, self._calls.call("count", lambda: self._queues.count(self._name), self._name))

    def send_message(self, content: str, time_to_live: int | None = None, visibility_timeout: float = 0) -> None:
        self._calls.call("send", lambda: self._queues.send(self._name, content, visibility_timeout or 0), self._name)

    def receive_messages(self, max_messages: int = 1, visibility_timeout: float = 30) -> Iterator[Message]:
        def receive() -> list[Message]:
            found = self._queues.receive(self._name, max_messages, visibility_timeout, SENDER.get())
            return [Message(one.id, one.receipt, one.dequeues, one.text) for one in found]

        return iter(self._calls.call("receive", receive, self._name))

    def delete_message(self, message: Message) -> None:
        delete = lambda: self._queues.delete(self._name, message.id, message.pop_receipt)  # noqa: E731
        self._calls.call("delete", delete, self._name)

    def update_message(self, message: Message, visibility_timeout: float = 0) -> None:
        def update() -> str:
            return self._queues.update(self._name, message.id, message.pop_receipt, visibility_timeout, None)

        message.pop_receipt = self._calls.call("give back", update, self._name)
