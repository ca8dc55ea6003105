"""Requests to the machine's agent while the node prepares a job: pull images, and install packages inside them."""

import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scorer_container.agent import client
from scorer_container.node.environments.build_session import BuildSession, Log

IMAGES_OWN_PYTHON = Path("python")
"""The interpreter that an image finds on its own search path."""

_IMAGE_ID = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


class EngineError(Exception):
    """The container engine failed; `lines` is what it printed."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        super().__init__(next(reversed([line for line in lines if line.strip()]), "it gave no reason"))


@dataclass(frozen=True)
class Containers:
    """The agent of this machine."""

    agent: Path
    """The agent's socket."""
    session: BuildSession

    def pull(self, image: str) -> str:
        """Pull the newest version of the image and return its id; raise EngineError."""
        lines = self._run({"kind": "pull", "image": image}, _no_log)
        ids = [match[1] for match in map(_IMAGE_ID.fullmatch, lines) if match]  # warnings may stand around it
        if not ids:
            raise EngineError(lines)
        return ids[-1]

    def install(
        self, image: str, arguments: Sequence[str], variables: Mapping[str, str], writable: Sequence[Path], log: Log
    ) -> None:
        """Run uv inside `image`; raise EngineError with its output."""
        request = {
            "kind": "install",
            "image": image,
            "command": list(arguments),
            "environment": dict(variables),
            "writable": [str(path) for path in writable],
        }
        self._run(request, log)

    def _run(self, request: Mapping[str, object], log: Log) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            command = client_command(self.agent, request, Path(folder) / "request.json")
            code, lines = self.session.run(command, {}, log)
        if code or not lines:
            raise EngineError(lines)
        return lines


def client_command(agent: Path, request: Mapping[str, object], file: Path) -> list[str]:
    """Write the request to `file`, as it may hold secrets of the deployment; return the client's command."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        json.dump(request, opened)
    return [sys.executable, "-I", client.__file__, str(agent), str(file)]


def _no_log(_line: str) -> None:
    """Log nothing: the caller uses the answer."""
