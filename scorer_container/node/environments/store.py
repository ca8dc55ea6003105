"""The built environments of a machine: one folder for each, shared by all its nodes and jobs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from scorer_container.node.environments.file_lock import file_lock

LAST_USED = ".last-used"
"""An empty file in each environment; its time of modification is when a job last asked for it."""


class EnvironmentStore:
    """Environments below `root`, each complete or not there at all."""

    def __init__(self, root: Path) -> None:
        """`root` is made when it is missing."""
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def find(self, key: str) -> Path | None:
        """The interpreter of a built environment, marked as used now; None when it must be built."""
        folder = self._root / key
        interpreter = interpreter_of(folder)
        if not interpreter.exists():  # also when the Python that it was made from has been removed
            return None
        (folder / LAST_USED).touch()
        return interpreter

    def find_or_build(self, key: str, build: Callable[[Path], None], log: Callable[[str], None]) -> Path:
        """The interpreter of the environment `key`; `build` fills a new folder when there is none.

        Of several nodes one builds and the others wait. The folder gets its name when it is complete, so a killed
        build leaves nothing that looks like an environment.
        """
        waiting = "another node builds this environment; waiting for it"
        with file_lock(self._root / f"{key}.lock", on_wait=lambda: log(waiting)):
            found = self.find(key)
            if found:
                return found
            self._remove_leftovers(key)
            self._build(key, build)
        return interpreter_of(self._root / key)

    def _build(self, key: str, build: Callable[[Path], None]) -> None:
        unfinished = Path(tempfile.mkdtemp(prefix=f"{key}.building-", dir=self._root))
        try:
            build(unfinished)
            (unfinished / LAST_USED).touch()
            unfinished.rename(self._root / key)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise

    def _remove_leftovers(self, key: str) -> None:
        """What killed builds left, and an environment whose Python is gone; the lock must be held."""
        for leftover in [*self._root.glob(f"{key}.building-*"), self._root / key]:
            if leftover.exists():
                shutil.rmtree(leftover)


def interpreter_of(folder: Path) -> Path:
    """The Python of a virtual environment."""
    return folder / "bin" / "python"
