"""A job's log files. Users see them below `logs/` of the job."""

import asyncio
import contextlib

from scorer_container.node.reporting.log_file import LogFile
from scorer_container.node.scope import Changes
from scorer_container.node.storage.blobs import Blobs
from scorer_container.node.storage.errors import StorageError
from shared.storage.blobs import log_name

_LOOK_SECONDS = 0.5


class JobLogs:
    """The log files of one node in one job. The activity `run` writes them every two seconds."""

    def __init__(self, blobs: Blobs, job_id: str, node_id: str) -> None:
        """`blobs` is the client of the workspace's own account."""
        self._blobs = blobs
        self._job_id = job_id
        self._node_id = node_id
        self._files: dict[str, LogFile] = {}
        self._changes = Changes()

    @property
    def node(self) -> LogFile:
        """The node's own log."""
        return self._file(f"sys/node/{self._node_id}/node.txt")

    def stdout(self, process: int) -> LogFile:
        """Return the standard output of scoring process `process`."""
        return self._file(f"user/stdout/{self._node_id}/process{process:03}.stdout.txt")

    def stderr(self, process: int) -> LogFile:
        """Return the standard error of scoring process `process`, where it logs."""
        return self._file(f"user/stderr/{self._node_id}/process{process:03}.stderr.txt")

    def errors(self, process: int) -> LogFile:
        """Return the tracebacks of the user's code in scoring process `process`."""
        return self._file(f"user/error/{self._node_id}/process{process:03}.txt")

    async def run(self) -> None:
        """Write what comes, for ever."""
        while True:
            await self._changes.until(lambda: any(not file.is_empty for file in self._files.values()))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._changes.until(lambda: any(file.is_full for file in self._files.values()))
            await self.flush(only_if_due=True)

    async def flush(self, *, only_if_due: bool = False) -> None:
        """Write all buffers. The job goes on without what storage refuses."""
        for file in list(self._files.values()):
            if not file.is_empty and (file.is_due or not only_if_due):
                with contextlib.suppress(StorageError):
                    await file.flush()

    def _file(self, path: str) -> LogFile:
        if path not in self._files:
            self._files[path] = LogFile(self._blobs, log_name(self._job_id, path), self._changes.tell)
        return self._files[path]
