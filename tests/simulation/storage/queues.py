"""Queues with the semantics of Azure Queue storage."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.simulation.chance import Choices
from tests.simulation.loop import Actor
from tests.simulation.storage.errors import StorageFault


@dataclass
class Message:
    """A message on a queue."""

    id: str
    text: str
    visible_at: float
    receipt: str = ""
    """Of the last receive or update. Older receipts are stale."""
    dequeues: int = 0
    holder: Actor | None = None
    """Who received it last. None after it was given back. Only the invariants look at it."""
    leased_at: float = 0.0
    leased_for: float = 0.0


@dataclass(frozen=True)
class Delivery:
    """A message as a receiver gets it."""

    id: str
    receipt: str
    dequeues: int
    text: str


@dataclass
class Queues:
    """All queues of the account."""

    choices: Choices
    now: Callable[[], float]
    twice: float = 0.0
    """Probability that a receive does not hide a message."""
    content: dict[str, dict[str, Message]] = field(default_factory=dict)
    on_send: Callable[[str], None] = lambda _: None
    on_receive: Callable[[str, Message, bool], None] = lambda *_: None
    on_delete: Callable[[str, Message], None] = lambda *_: None
    _last: int = 0

    def create(self, name: str) -> bool:
        """Return True if the queue is new."""
        if name in self.content:
            return False
        self.content[name] = {}
        return True

    def drop(self, name: str) -> None:
        """Delete a queue with its messages."""
        self._queue(name)
        del self.content[name]

    def names(self, prefix: str) -> list[str]:
        """Return the names of all queues that begin with `prefix`."""
        return sorted(name for name in self.content if name.startswith(prefix))

    def send(self, name: str, text: str, delay: float = 0.0) -> None:
        """Put a message on an existing queue."""
        queue, message = self._queue(name), Message(self._number("m"), text, self.now() + delay)
        queue[message.id] = message
        self.on_send(name)

    def receive(self, name: str, count: int, seconds: float, receiver: Actor | None) -> list[Delivery]:
        """Return visible messages, usually the oldest first. Sometimes one stays visible for the next receiver too."""
        now, messages = self.now(), self._queue(name)
        visible = [message for message in messages.values() if message.visible_at <= now]
        if len(visible) > 1:
            self.choices.order(visible)
        answer = []
        for message in visible[:count]:
            is_shown_again = self.twice > 0 and self.choices.chance("delivered twice", self.twice)
            self.on_receive(name, message, is_shown_again)
            message.receipt, message.dequeues = self._number("r"), message.dequeues + 1
            message.visible_at = now if is_shown_again else now + seconds
            message.holder, message.leased_at = None if is_shown_again else receiver, now
            message.leased_for = seconds
            answer.append(Delivery(message.id, message.receipt, message.dequeues, message.text))
        return answer

    def update(self, name: str, message_id: str, receipt: str, seconds: float, text: str | None) -> str:
        """Hide a message from now on, or show it. Return the new receipt.

        It works after the lease has ended too, as long as nobody else has received the message.
        """
        message = self._message(name, message_id, receipt)
        message.receipt, message.leased_at = self._number("r"), self.now()
        message.visible_at = self.now() + seconds
        message.text = message.text if text is None else text
        if seconds < message.leased_for:
            message.holder = None
        return message.receipt

    def delete(self, name: str, message_id: str, receipt: str) -> None:
        """Delete a message for good."""
        self.on_delete(name, self._message(name, message_id, receipt))
        del self.content[name][message_id]

    def count(self, name: str) -> int:
        """Return the number of messages, including hidden ones."""
        return len(self._queue(name))

    def memory(self) -> dict[str, dict[str, Message]]:
        """Return a copy of everything, to go back to it later."""
        return {name: {key: replace(message) for key, message in queue.items()} for name, queue in self.content.items()}

    def _number(self, kind: str) -> str:
        self._last += 1
        return f"{kind}{self._last}"

    def _queue(self, name: str) -> dict[str, Message]:
        if name not in self.content:
            raise StorageFault(404, "QueueNotFound")
        return self.content[name]

    def _message(self, name: str, message_id: str, receipt: str) -> Message:
        message = self._queue(name).get(message_id)
        if message is None:
            raise StorageFault(404, "MessageNotFound")
        if message.receipt != receipt:
            raise StorageFault(400, "PopReceiptMismatch")
        return message
