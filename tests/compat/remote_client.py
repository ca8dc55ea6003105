"""The official client in a child process: one interpreter for all tests, as its import takes seconds."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).parent / "client"


class ClientError(Exception):
    """An exception that the official client raised."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


@dataclass(frozen=True)
class Answer:
    """What a step returned, and what the client printed meanwhile."""

    value: Any
    printed: str


class RemoteClient:
    """Runs the steps of `tests/compat/client` by their names."""

    def __init__(self, python: Path, environment: Mapping[str, str], folder: Path) -> None:
        self._process = subprocess.Popen(
            [python, PROGRAM],
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(folder / "client.log").open("w"),
            text=True,
        )

    def run(self, step: str, **arguments: Any) -> Any:
        """The value of a step; raises ClientError."""
        return self.answer(step, **arguments).value

    def answer(self, step: str, **arguments: Any) -> Answer:
        """The same with what was printed."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"step": step, "arguments": arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the client's process has ended; see client.log in its folder"
        answer = json.loads(line)
        if "error" in answer:
            raise ClientError(answer["error"]["kind"], answer["error"]["message"])
        return Answer(answer["value"], answer["printed"])

    def end(self) -> None:
        """End the process; it ends when its input does."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=30)
        if self._process.stdout:
            self._process.stdout.close()
