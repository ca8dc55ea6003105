"""Folders of the cache that a job uses. Nobody evicts them meanwhile, no matter which node of the machine it is."""

import os
from pathlib import Path

from scorer_container.node.cache.file_lock import shared_lock


def use_file(folder: Path) -> Path:
    """Return the file whose lock marks a cache folder as in use; its time says when the folder was last used."""
    return folder.with_name(f"{folder.name}.use")


class FoldersInUse:
    """The cache folders of one job."""

    def __init__(self) -> None:
        self.has_new = False
        """True when the job has added something to the cache."""
        self._held: dict[Path, int] = {}

    def hold(self, folder: Path) -> None:
        """Protect a cache folder from eviction. Call this before you check that the folder exists.

        This waits while another node evicts the folder: call it in a thread.
        """
        if folder in self._held:
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._held[folder] = shared_lock(use_file(folder))
        os.utime(self._held[folder])

    def release(self) -> None:
        """Let all folders be evicted. Twice is harmless. No thread may hold another one after this."""
        for descriptor in self._held.values():
            os.close(descriptor)
        self._held.clear()
