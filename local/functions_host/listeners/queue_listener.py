"""The listener of a queue trigger, and the host's connections to queues."""

import asyncio
import contextlib
import logging
import random
from datetime import timedelta

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from local.functions_host.app.config import QueueOptions
from local.functions_host.app.functions import FunctionRecord
from local.functions_host.app.triggers import QueueAddress
from local.functions_host.listeners.queue_messages import (
    QueueLease,
    UndecodableMessageError,
    decode_body,
    trigger_metadata,
)
from local.functions_host.worker.converters import Datum
from local.functions_host.worker.invoker import Invoker, Trigger

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)  # how long Azure hides a message while its function runs, between renewals


class QueueListener:
    """Calls one function with the messages of one queue.

    Messages are delivered at least once: a message is deleted only after the function succeeded.
    """

    def __init__(
        self,
        function: FunctionRecord,
        address: QueueAddress,
        *,
        options: QueueOptions,
        invoker: Invoker,
        clients: "QueueClients",
        lease: timedelta = LEASE,
    ) -> None:
        self._function = function
        self._address = address
        self._options = options
        self._invoker = invoker
        self._clients = clients
        self._lease = lease
        self._backoff = RandomizedBackoff(options.max_polling_interval.total_seconds())
        self._running: set[asyncio.Task[None]] = set()
        self._loop_task: asyncio.Task[None] | None = None
        self._reachable = True

    def start(self) -> None:
        """Begin to listen."""
        self._loop_task = asyncio.create_task(self._listen(), name=f"queue {self._address.name}")

    async def stop(self) -> None:
        """Receive nothing more. Messages that are being processed continue."""
        if self._loop_task is not None:
            self._loop_task.cancel()
            await asyncio.gather(self._loop_task, return_exceptions=True)

    async def drain(self, seconds: float) -> None:
        """Wait up to `seconds` until the received messages are completed or released."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    async def _listen(self) -> None:
        while True:
            messages = await self._receive()
            if not messages:
                await asyncio.sleep(self._backoff.next())
                continue
            self._backoff.reset()
            for message in messages:
                task = asyncio.create_task(self._process_safely(message))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
            while len(self._running) > self._options.new_batch_threshold:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

    async def _receive(self) -> list[QueueMessage]:
        client = self._clients.client(self._address)
        # Shielded: a stop in the middle of the call would leave received messages hidden for the whole lease.
        receiving = asyncio.ensure_future(_first_page(client, self._options.batch_size, self._lease))
        try:
            messages = await asyncio.shield(receiving)
        except ResourceNotFoundError:
            return []  # a queue that does not exist yet counts as empty
        except asyncio.CancelledError:
            with contextlib.suppress(AzureError):
                await asyncio.gather(*(self._give_back(message) for message in await receiving))
            raise
        except Exception as error:  # one failed call does not stop the listener
            if self._reachable:
                log.warning("Queue %s cannot be read; it is tried again: %r", self._address.name, error)
            self._reachable = False
            return []
        if not self._reachable:
            log.info("Queue %s can be read again", self._address.name)
        self._reachable = True
        return messages

    async def _give_back(self, message: QueueMessage) -> None:
        await self._held(message).release(timedelta())

    async def _process_safely(self, message: QueueMessage) -> None:
        try:
            await self._process(message)
        except Exception:
            # The message reappears when its lease ends, and is processed again.
            log.exception("Message %s of queue %s could not be completed", message.id, self._address.name)

    async def _process(self, message: QueueMessage) -> None:
        lease = self._held(message)
        if (message.dequeue_count or 0) > self._options.max_dequeue_count:
            await self._poison(lease)
            return
        try:
            body = decode_body(message.content)
        except UndecodableMessageError as error:
            log.error("Message %s of queue %s is not base64: %s", message.id, self._address.name, error)  # noqa: TRY400 - the sender erred, our stack says nothing
            await self._poison(lease)
            return
        await self._complete(lease, succeeded=await self._invoke(lease, body))

    async def _invoke(self, lease: QueueLease, body: bytes) -> bool:
        text = body.decode(errors="replace")
        trigger = Trigger(Datum(type="string", value=text), trigger_metadata(lease.message, text))
        keeper = asyncio.create_task(lease.keep())
        try:
            outcome = await self._invoker.invoke(self._function, trigger)
        except asyncio.CancelledError:
            return False  # the host shuts down: release the message
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        return outcome.succeeded

    async def _complete(self, lease: QueueLease, *, succeeded: bool) -> None:
        if succeeded:
            await lease.delete()
        elif self._address.poison is None:
            pass  # keep the message hidden until its lease ends: it must not fail again at once
        elif (lease.message.dequeue_count or 0) >= self._options.max_dequeue_count:
            await self._poison(lease)
        else:
            await lease.release(self._options.visibility_timeout)

    async def _poison(self, lease: QueueLease) -> None:
        poison = self._address.poison
        if poison is None:
            return
        log.error("Message %s of queue %s moves to %s", lease.message.id, self._address.name, poison.name)
        await self._clients.send(poison, lease.message.content)
        await lease.delete()

    def _held(self, message: QueueMessage) -> QueueLease:
        return QueueLease(self._clients.client(self._address), message, self._lease)


async def _first_page(client: QueueClient, count: int, hidden: timedelta) -> list[QueueMessage]:
    pages = client.receive_messages(messages_per_page=count, visibility_timeout=int(hidden.total_seconds())).by_page()
    async for page in pages:
        return [message async for message in page]
    return []


MINIMUM_SECONDS = 0.1


class RandomizedBackoff:
    """A pause that doubles from 100 ms up to a maximum, and varies at random by a fifth."""

    def __init__(self, maximum: float) -> None:
        self._maximum = maximum
        self._exponent = 0

    def reset(self) -> None:
        """Begin again with the shortest pause, because there was a message."""
        self._exponent = 0

    def next(self) -> float:
        """Return the seconds to wait now."""
        if self._exponent > 30:  # far above any maximum
            return self._maximum
        pause = MINIMUM_SECONDS * 2.0**self._exponent * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, no secret
        self._exponent += 1
        return min(pause, self._maximum)


NEVER_EXPIRES = -1


class QueueClients:
    """The clients of the queues. They are closed together."""

    def __init__(self) -> None:
        self._clients: dict[QueueAddress, QueueClient] = {}

    def client(self, address: QueueAddress) -> QueueClient:
        """Return the client of a queue. It neither encodes nor decodes messages."""
        if address not in self._clients:
            self._clients[address] = QueueClient.from_connection_string(
                address.connection_string, address.name, retry_total=2, initial_backoff=1, increment_base=2
            )
        return self._clients[address]

    async def send(self, address: QueueAddress, text: str) -> None:
        """Put a message that never expires on the queue. Create the queue if it does not exist."""
        client = self.client(address)
        try:
            await client.send_message(text, time_to_live=NEVER_EXPIRES)
        except ResourceNotFoundError:
            await _create(client)
            await client.send_message(text, time_to_live=NEVER_EXPIRES)

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.close()
        self._clients.clear()


async def _create(client: QueueClient) -> None:
    try:
        await client.create_queue()
    except HttpResponseError as error:
        if getattr(error, "error_code", None) != "QueueAlreadyExists":
            raise
