"""The simulated account as code with the SDK sees it: a `StorageAccount` whose clients call the simulated server."""

from functools import cached_property
from typing import Any

from shared.storage.account import StorageAccount
from tests.simulation.storage.network import Network
from tests.simulation.storage.rest import CONNECTION_STRING
from tests.simulation.storage.sdk_blobs import BlobService
from tests.simulation.storage.sdk_calls import SdkCalls
from tests.simulation.storage.sdk_queues import QueueService
from tests.simulation.storage.sdk_tables import TableService
from tests.simulation.storage.server import Server


class SimulatedAccount(StorageAccount):
    """The workspace's account, for the app."""

    def __init__(self, server: Server, network: Network) -> None:
        super().__init__(connection_string=CONNECTION_STRING)
        object.__setattr__(self, "_calls", SdkCalls(server, network))

    @cached_property
    def blobs(self) -> Any:
        """The blob service."""
        return BlobService(self._calls)  # type: ignore[attr-defined]

    @cached_property
    def queues(self) -> Any:
        """The queue service."""
        return QueueService(self._calls)  # type: ignore[attr-defined]

    @cached_property
    def tables(self) -> Any:
        """The table service."""
        return TableService(self._calls)  # type: ignore[attr-defined]
