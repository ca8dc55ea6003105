"""The folders that the inputs of tasks lie in on the node's disk."""

import os
import stat
from contextlib import suppress
from itertools import count
from pathlib import Path

from scorer_container.node.cache.folders import empty_folder, remove
from scorer_container.node.scope import in_thread

_PLAIN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


class TaskFolder:
    """The folder of one delivery of a task. No other has it at the same time."""

    def __init__(self, path: str, folders: "TaskFolders") -> None:
        """`folders` takes the folder back."""
        self.path = path
        self._folders = folders

    async def close(self) -> None:
        """Let another task have the folder if it is empty, and remove it otherwise. Nothing may be fetching into it."""
        if _is_as_made(self.path):
            self._folders.give_back(self.path)
        else:
            await self.remove()

    async def remove(self) -> None:
        """Remove the folder with all that is left in it."""
        with suppress(OSError):  # what is left goes with the job
            await in_thread(remove, Path(self.path))


class TaskFolders:
    """Makes folders for tasks and uses them again: making and removing one keeps the node waiting for milliseconds."""

    def __init__(self, root: Path) -> None:
        """Make them below `root`."""
        self._root = root
        self._numbers = count()
        self._free: list[str] = []

    async def empty(self) -> None:
        """Remove all folders. Nobody may have one."""
        self._free.clear()
        await in_thread(empty_folder, self._root)

    def take(self) -> TaskFolder:
        """Return an empty folder; raise OSError."""
        return TaskFolder(self._free.pop() if self._free else self._new(), self)

    def give_back(self, path: str) -> None:
        """Take an empty folder back."""
        self._free.append(path)

    def _new(self) -> str:
        """Make a folder. A script may have removed the root, or made a folder of the same name."""
        while True:
            path = f"{self._root}/{next(self._numbers)}"
            with suppress(FileExistsError):
                os.makedirs(path)
                return path


def _is_as_made(path: str) -> bool:
    """Return True for an empty folder that its owner may use; a script may have left anything at its place."""
    try:
        folder = os.open(path, _PLAIN_FOLDER)
    except OSError:
        return False
    try:
        return not os.listdir(folder) and os.fstat(folder).st_mode & stat.S_IRWXU == stat.S_IRWXU
    finally:
        os.close(folder)
