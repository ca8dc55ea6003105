"""The connections of the host to the queues of the app's bindings."""

import asyncio
import traceback

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.queue.aio import QueueClient

from local.functions_host.app.functions import QUEUE_OUTPUT, RETURN_BINDING, FunctionRecord
from local.functions_host.app.invocation import Outcome
from local.functions_host.app.settings import AppSettings
from local.functions_host.app.triggers import QueueAddress, queue_of
from local.functions_host.listeners.queue_messages import encode_body, output_bodies
from local.functions_host.worker.converters import Datum

NEVER_EXPIRES = -1


class QueueClients:
    """One client for each queue, closed together."""

    def __init__(self) -> None:
        self._clients: dict[QueueAddress, QueueClient] = {}

    def client(self, address: QueueAddress) -> QueueClient:
        """The client of a queue; it neither encodes nor decodes messages."""
        if address not in self._clients:
            self._clients[address] = QueueClient.from_connection_string(
                address.connection_string, address.name, retry_total=2, initial_backoff=1, increment_base=2
            )
        return self._clients[address]

    async def send(self, address: QueueAddress, text: str) -> None:
        """Put a message that never expires on the queue, which is created if it does not exist."""
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


class QueueOutputs:
    """Writes the queue outputs of functions; a failure to write fails the invocation."""

    def __init__(
        self, clients: QueueClients, wakeups: "QueueWakeUps", settings: AppSettings, *, is_base64: bool
    ) -> None:
        self._clients = clients
        self._wakeups = wakeups
        self._settings = settings
        self._is_base64 = is_base64

    async def write(self, function: FunctionRecord, outcome: Outcome) -> Outcome:
        """`outcome` itself after all queue outputs were written, or a failed one."""
        try:
            for binding in function.outputs:
                if binding.type != QUEUE_OUTPUT:
                    continue
                is_return = binding.name == RETURN_BINDING
                datum = outcome.return_value if is_return else outcome.outputs.get(binding.name)
                if isinstance(datum, Datum) and datum.type is not None:
                    address = queue_of(binding, self._settings)
                    for body in output_bodies(datum):
                        await self._clients.send(address, encode_body(body, is_base64=self._is_base64))
                    self._wakeups.notify(address)
        except Exception as error:
            text = f"{type(error).__name__}: an output of {function.name} could not be written: {error}"
            return Outcome(succeeded=False, error=text, stack="".join(traceback.format_exception(error)))
        return outcome


class QueueWakeUps:
    """One event for each queue that somebody listens to."""

    def __init__(self) -> None:
        self._events: dict[QueueAddress, list[asyncio.Event]] = {}

    def register(self, address: QueueAddress) -> asyncio.Event:
        """The event that is set when the host puts a message on `address`."""
        event = asyncio.Event()
        self._events.setdefault(address, []).append(event)
        return event

    def notify(self, address: QueueAddress) -> None:
        """Wake who listens to `address`."""
        for event in self._events.get(address, ()):
            event.set()
