"""The connections of the host to the queues of the app's bindings."""

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.queue.aio import QueueClient

from local.functions_host.app.triggers import QueueAddress

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
