"""The settings of a node, read once from its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from shared.settings import Variable, read_settings

DEFAULT_LEASE_SECONDS = 30


def _folder(text: str) -> Path:
    return Path(text).absolute()


def _bytes(text: str) -> int:
    return _positive(text, "megabytes") << 20


def _seconds(text: str) -> int:
    return _positive(text, "seconds")


def _positive(text: str, unit: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"use a whole number of {unit}, at least 1")
    return int(text)


@dataclass(frozen=True)
class NodeSettings:
    """The settings of one node."""

    compute: Annotated[str, Variable("BATCH_COMPUTE")]
    """The compute whose tickets it takes."""

    node_id: Annotated[str, Variable("BATCH_NODE_ID")]
    """Its id in the scale set."""

    folder: Annotated[Path, Variable("BATCH_NODE_DIR", _folder)]
    """Its own work files. The node removes what it finds there at the start when it needs the place."""

    cache: Annotated[Path, Variable("BATCH_NODE_CACHE", _folder)]
    """Models, code and environments. The nodes of a machine may share it."""

    cache_bytes: Annotated[int | None, Variable("BATCH_NODE_CACHE_MB", _bytes)] = None
    """What the cache may take of the disk; the variable gives megabytes. None: the default of cache/room.py."""

    lease_seconds: Annotated[int, Variable("BATCH_NODE_LEASE_SECONDS", _seconds)] = DEFAULT_LEASE_SECONDS
    """How long a ticket or task stays with a node that gives no sign of life."""

    agent: Annotated[Path | None, Variable("BATCH_NODE_AGENT", Path)] = None
    """Socket of the agent that runs scoring processes in containers. None: the node runs them itself."""

    @property
    def heartbeat_seconds(self) -> float:
        """How often the node's row is written."""
        return self.lease_seconds / 6

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "NodeSettings":
        """Read the settings; raises SettingsError that names every missing one."""
        return read_settings(cls, environment, "node settings")
