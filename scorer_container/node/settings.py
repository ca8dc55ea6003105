"""What a node is told from outside, read once from its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.settings import SettingsError

DEFAULT_LEASE_SECONDS = 30


@dataclass(frozen=True)
class NodeSettings:
    """The settings of one node."""

    compute: str
    """`BATCH_COMPUTE`: the compute whose tickets it takes."""

    node_id: str
    """`BATCH_NODE_ID`: its id in the scale set."""

    folder: Path
    """`BATCH_NODE_DIR`: its own work files; what lies there at the start is removed when it is needed."""

    cache: Path
    """`BATCH_NODE_CACHE`: models, code and environments; may be shared by the nodes of a machine."""

    cache_bytes: int | None = None
    """`BATCH_NODE_CACHE_MB`, in bytes: what the cache may take of the disk (cache_room.py has the default)."""

    lease_seconds: int = DEFAULT_LEASE_SECONDS
    """`BATCH_NODE_LEASE_SECONDS`: how long a ticket or task stays with a node that gives no sign of life."""

    agent: Path | None = None
    """`BATCH_NODE_AGENT`: socket of the agent that runs scoring processes in containers; without it they run here."""

    @property
    def heartbeat_seconds(self) -> float:
        """How often the node's row is written."""
        return self.lease_seconds / 6

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "NodeSettings":
        """Read the settings; raises SettingsError that names every missing one."""
        names = ("BATCH_COMPUTE", "BATCH_NODE_ID", "BATCH_NODE_DIR", "BATCH_NODE_CACHE")
        missing = [name for name in names if not environment.get(name)]
        if missing:
            raise SettingsError(f"missing node settings: {', '.join(missing)}")
        return cls(
            compute=environment["BATCH_COMPUTE"],
            node_id=environment["BATCH_NODE_ID"],
            folder=Path(environment["BATCH_NODE_DIR"]).absolute(),
            cache=Path(environment["BATCH_NODE_CACHE"]).absolute(),
            cache_bytes=_cache_bytes(environment),
            lease_seconds=_positive_integer(environment, "BATCH_NODE_LEASE_SECONDS", DEFAULT_LEASE_SECONDS),
            agent=Path(environment["BATCH_NODE_AGENT"]) if environment.get("BATCH_NODE_AGENT") else None,
        )


def _cache_bytes(environment: Mapping[str, str]) -> int | None:
    text = environment.get("BATCH_NODE_CACHE_MB", "")
    if text and (not text.isdecimal() or int(text) < 1):
        raise SettingsError(f"BATCH_NODE_CACHE_MB is {text!r}: use a whole number of megabytes, at least 1")
    return int(text) << 20 if text else None


def _positive_integer(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"{name} is {text!r}: use a whole number of seconds, at least 1")
    return int(text)
