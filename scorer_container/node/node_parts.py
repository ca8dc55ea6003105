"""What all jobs of a node share."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from scorer_container.node.log_pump import LogPump
from scorer_container.node.settings import NodeSettings
from scorer_container.node.sources import Sources
from scorer_container.node.warm_processes import WarmProcesses
from shared.contracts.progress import ProgressRow
from shared.storage.account import StorageAccount
from shared.storage.hot_path.connect import HotAccount
from shared.storage.rows import RowTable


@dataclass(frozen=True)
class NodeParts:
    """The parts that outlive a job."""

    settings: NodeSettings
    account: StorageAccount
    hot: HotAccount
    sources: Sources
    progress: RowTable[ProgressRow]
    pump: LogPump
    warm: WarmProcesses
    leaving: threading.Event
    """Set when the node must end; unfinished work is then given back at once."""
    log: Callable[[str], None]
