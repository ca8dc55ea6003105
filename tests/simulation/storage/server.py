"""The storage account of a world. It does what it is asked at once; the network may be late, or lose calls."""

from typing import Any

from tests.simulation.chance import Choices
from tests.simulation.loop import VirtualLoop
from tests.simulation.storage.blobs import Blobs
from tests.simulation.storage.queues import Queues
from tests.simulation.storage.tables import Tables

SERVICES = ("queues", "blocks", "rows")
"""What a crash of storage may set back by some seconds."""


class Server:
    """Queues, blobs and tables."""

    def __init__(self, loop: VirtualLoop, choices: Choices) -> None:
        self.queues = Queues(choices, loop.time)
        self.blobs = Blobs(choices)
        self.tables = Tables(loop.time)

    def memory(self, service: str) -> Any:
        """Return what `forget` needs to bring the service back to this moment."""
        parts: dict[str, Any] = {"queues": self.queues, "blocks": self.blobs, "rows": self.tables}
        return parts[service].memory()

    def forget(self, service: str, memory: Any) -> None:
        """Bring the service back to the moment of `memory`."""
        if service == "queues":
            self.queues.content = memory
        elif service == "blocks":
            self.blobs.forget(memory)
        else:
            self.tables.content.update(memory)
