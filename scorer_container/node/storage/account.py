"""The workspace's account, as the node calls it."""

from functools import cached_property

from scorer_container.node.storage.authorization import account_authorization
from scorer_container.node.storage.blobs import Blobs
from scorer_container.node.storage.calls import (
    DEFAULT_PATIENCE_SECONDS,
    ONCE,
    ONCE_SECONDS,
    Calls,
)
from scorer_container.node.storage.client import Client, Connect
from scorer_container.node.storage.http_client import connector
from scorer_container.node.storage.queue import Queue
from scorer_container.node.storage.rows import Rows
from scorer_container.node.storage.sources import Sources
from shared.contracts.row_documents import Document
from shared.storage.account import StorageAccount
from shared.storage.blobs import DatastoreSecret


class Account:
    """Clients of the workspace's account, with one connection pool for each service. Close it in the loop it ran in."""

    def __init__(
        self, account: StorageAccount, connect: Connect | None = None, patience: float = DEFAULT_PATIENCE_SECONDS
    ) -> None:
        """Call the services of `account`.

        Args:
            account: says where they are and under which credential they are called.
            connect: returns the client of a service; by default a real one.
            patience: seconds for which calls are tried again, except those that are tried once.
        """
        self._account = account
        self._connect = connect or connector(allow_loopback=account.is_on_loopback)
        self._patience = patience
        self._authorization = account_authorization(account)
        self._blob_client = self._connect(account.blob_url, False)
        self._queue_client = self._connect(account.queues.url.rstrip("/"), False)
        self._table_client = self._connect(account.tables.url.rstrip("/"), False)
        self._queues = self._patient(self._queue_client)
        self._rows = Calls(self._table_client, self._authorization, ONCE, ONCE_SECONDS)
        self.blobs = Blobs(self._patient(self._blob_client))

    def queue(self, name: str) -> Queue:
        """Return the queue of this name, which need not exist."""
        return Queue(self._queues, name)

    def rows(self, table: str, document: type[Document]) -> Rows[Document]:
        """Return the rows of a table. Each of their calls is tried once."""
        return Rows(self._rows, table, document)

    @cached_property
    def sources(self) -> Sources:
        """Where jobs read and write."""
        secrets = Rows(self._patient(self._table_client), "datastoresecrets", DatastoreSecret)
        return Sources(self._account, self.blobs, secrets, self._connect, self._patience)

    async def close(self) -> None:
        """Close the idle connections."""
        await self.sources.close()
        for client in (self._blob_client, self._queue_client, self._table_client):
            await client.close()

    def _patient(self, client: Client) -> Calls:
        return Calls(client, self._authorization, self._patience)
