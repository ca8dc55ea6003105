"""The built environments of a machine: one folder each, shared by all nodes and jobs of the machine."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from scorer_container.node.cache.file_lock import file_lock
from scorer_container.node.environments.build_session import BuildSession


class EnvironmentStore:
    """Environments below `root`; each is complete or missing."""

    def __init__(self, root: Path, session: BuildSession) -> None:
        """Make `root` if it is missing; `session` protects environments from eviction."""
        self._root = root
        self._session = session

    def find(self, key: str) -> Path | None:
        """Return the interpreter of a built environment and protect it from eviction; None if it must be built."""
        self._session.folders.hold(self._root / key)
        interpreter = interpreter_of(self._root / key)
        return interpreter if interpreter.exists() else None  # the Python that it was made from may be gone

    def find_or_build(self, key: str, build: Callable[[Path], None]) -> Path:
        """Return the interpreter of the environment `key`; let `build` fill a new folder if there is none.

        One node builds while others wait. The folder gets its name when it is complete: a killed build leaves nothing
        that looks like an environment.
        """
        waiting = "another node builds this environment; waiting for it"
        self._session.folders.hold(self._root / key)
        with file_lock(self._root / f"{key}.lock", lambda: self._session.log(waiting), self._session.check):
            found = self.find(key)
            if found:
                return found
            self._remove_leftovers(key)
            self._build(key, build)
        return interpreter_of(self._root / key)

    def _build(self, key: str, build: Callable[[Path], None]) -> None:
        self._session.folders.hold(self._root.parent / "uv" / "cache")
        unfinished = Path(tempfile.mkdtemp(prefix=f"{key}.building-", dir=self._root))
        try:
            build(unfinished)
            unfinished.rename(self._root / key)
            self._session.folders.has_new = True
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise

    def _remove_leftovers(self, key: str) -> None:
        """Remove what killed builds left, and an environment whose Python is gone. The caller holds the lock."""
        for leftover in [*self._root.glob(f"{key}.building-*"), self._root / key]:
            if leftover.exists():
                shutil.rmtree(leftover)


def interpreter_of(folder: Path) -> Path:
    """Return the Python of a virtual environment."""
    return folder / "bin" / "python"
