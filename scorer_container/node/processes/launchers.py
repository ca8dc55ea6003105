"""Two ways to start a scoring process: on the node itself, or in a container that the machine's agent runs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scorer_container.node.environments.containers import IMAGES_OWN_PYTHON, client_command

_LARGEST_REQUEST = 200_000
"""Bytes. The agent's socket takes slightly more in one message (`net.core.wmem_default` of Linux: 212,992)."""

_DRIVER = Path(__file__).parents[2] / "driver" / "main.py"


@dataclass(frozen=True)
class Launch:
    """The process that the node starts; the descriptors of the pipes are added to its environment."""

    command: list[str]
    environment: dict[str, str]


class Launcher(Protocol):
    """Decides how a scoring process is started."""

    def launch(self, interpreter: Path, environment: Mapping[str, str], working_folder: Path) -> Launch:
        """Return what to start. Called before each start."""
        ...


@dataclass(frozen=True)
class ProcessLauncher:
    """The driver as a child of the node."""

    def launch(self, interpreter: Path, environment: Mapping[str, str], working_folder: Path) -> Launch:
        """Return the interpreter with the driver."""
        return Launch([str(interpreter), "-u", str(_DRIVER)], dict(environment))


@dataclass(frozen=True)
class ContainerLauncher:
    """The driver in a container. The node's child is a client of the agent; it exits as the container exits."""

    agent: Path
    """The agent's socket."""
    image: str
    """The image's id; empty for the node's own image."""
    read_only: tuple[Path, ...]
    """Folders that the process reads: model, code, environment, inputs."""
    writable: tuple[Path, ...]

    def launch(self, interpreter: Path, environment: Mapping[str, str], working_folder: Path) -> Launch:
        """Return the agent's client with this request; the image keeps its own search path. Raise OSError."""
        request = {
            "kind": "score",
            "image": self.image,
            "command": ["" if interpreter == IMAGES_OWN_PYTHON else str(interpreter)],
            "environment": dict(environment),
            "read_only": [str(path) for path in self.read_only],
            "writable": [str(path) for path in self.writable],
            "working_folder": str(working_folder),
        }
        if (length := len(json.dumps(request))) > _LARGEST_REQUEST:
            raise OSError(f"its environment variables are too large together: {length:,} bytes with the rest")
        file = working_folder.parent / "container.json"
        return Launch(client_command(self.agent, request, file), {})
