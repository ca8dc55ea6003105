"""A job's log files: append blobs, written every two seconds if there is something to write."""

import contextlib
import threading
import time

from scorer_container.node.vital_thread import VitalThread
from shared.storage.blobs import JOBS_CONTAINER, log_name
from shared.storage.hot_path.blobs import HotBlobs
from shared.storage.hot_path.errors import HotPathError, StorageConflictError

_FLUSH_SECONDS = 2.0
_LARGEST_APPEND = 1 << 20
_LARGEST_BUFFER = 8 << 20


class LogFile:
    """One append blob; its first line creates it."""

    def __init__(self, blobs: HotBlobs, job_id: str, path: str) -> None:
        self._blobs = blobs
        self._name = log_name(job_id, path)
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._buffer = bytearray()
        self._position = -1
        self._appends = 0
        self._next_flush = 0.0

    def write(self, data: bytes) -> None:
        """Buffer `data`. With much in the buffer, wait for storage and drop what storage then refuses."""
        with self._lock:
            self._buffer += data
            full = len(self._buffer) > _LARGEST_BUFFER
        if full:
            with contextlib.suppress(HotPathError):
                self.flush()

    def line(self, text: str) -> None:
        """Buffer one line with the time of day."""
        line = f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n"
        self.write(line.encode("utf-8", "backslashreplace"))  # user code's messages may hold lone surrogates

    def flush(self, *, only_if_due: bool = False) -> None:
        """Append the buffer to the blob; raise HotPathError."""
        if only_if_due and time.monotonic() < self._next_flush:
            return
        with self._writing:
            while data := self._taken():
                self._append(data)
            self._next_flush = time.monotonic() + _interval(self._appends)

    def _taken(self) -> bytes:
        with self._lock:
            data = bytes(memoryview(self._buffer)[:_LARGEST_APPEND])
            del self._buffer[: len(data)]
            return data

    def _append(self, data: bytes) -> None:
        if self._position < 0:
            self._blobs.create_append_blob(JOBS_CONTAINER, self._name)
            self._position = self._blobs.length(JOBS_CONTAINER, self._name)
        try:
            self._position = self._blobs.append(JOBS_CONTAINER, self._name, data, position=self._position)
        except StorageConflictError:
            # An answer was lost and the append arrived, or an earlier life of this node wrote here.
            length = self._blobs.length(JOBS_CONTAINER, self._name)
            if length != self._position + len(data):
                length = self._blobs.append(JOBS_CONTAINER, self._name, data, position=length)
            self._position = length
        self._appends += 1


def _interval(appends: int) -> float:
    """Return the seconds to the next append: a blob takes 50,000 appends, enough for the longest job (21 days)."""
    if appends < 1_000:
        return _FLUSH_SECONDS
    return 10.0 if appends < 10_000 else 60.0


class JobLogs:
    """The log files of one node in one job, flushed by a thread."""

    def __init__(self, blobs: HotBlobs, job_id: str, node_id: str) -> None:
        self._blobs = blobs
        self._job_id = job_id
        self._node_id = node_id
        self._files: dict[str, LogFile] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = VitalThread(target=self._run, name="logs", daemon=True)
        self._thread.start()

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

    def flush(self, *, only_if_due: bool = False) -> None:
        """Write all buffers. Logs that storage refuses are lost; the job goes on."""
        with self._lock:
            files = list(self._files.values())
        for file in files:
            with contextlib.suppress(HotPathError):
                file.flush(only_if_due=only_if_due)

    def close(self) -> None:
        """Write the rest and stop the thread."""
        self._stop.set()
        self._thread.join()
        self.flush()

    def _file(self, path: str) -> LogFile:
        with self._lock:
            if path not in self._files:
                self._files[path] = LogFile(self._blobs, self._job_id, path)
            return self._files[path]

    def _run(self) -> None:
        while not self._stop.wait(0.5):
            self.flush(only_if_due=True)
