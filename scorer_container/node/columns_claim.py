"""The columns that all results of a job share. The first result claims them (shared/storage/blobs.py)."""

import json
import threading
from typing import Any

from shared.storage.blobs import JOBS_CONTAINER, columns_name
from shared.storage.hot_path.blobs import HotBlobs
from shared.storage.hot_path.errors import StorageConflictError

Columns = dict[str, Any]
"""`columns`: the names, or None without names; `types`: only if the output has types."""


class ColumnsClaim:
    """Claims the job's columns once; later callers get the first claim."""

    def __init__(self, blobs: HotBlobs, job_id: str) -> None:
        self._blobs = blobs
        self._name = columns_name(job_id)
        self._lock = threading.Lock()
        self._agreed: Columns | None = None

    def agree(self, proposed: Columns) -> Columns:
        """Return the job's columns: `proposed` unless others were claimed before. Raise HotPathError."""
        with self._lock:
            if self._agreed is None:
                self._agreed = self._claimed(proposed)
            return self._agreed

    def agreed(self) -> Columns:
        """Return the job's columns, which a first result has claimed; raise HotPathError."""
        with self._lock:
            if self._agreed is None:
                self._agreed = self._read()
            return self._agreed

    def _claimed(self, proposed: Columns) -> Columns:
        try:
            self._blobs.put(JOBS_CONTAINER, self._name, json.dumps(proposed).encode(), only_if_missing=True)
        except StorageConflictError:
            return self._read()
        return proposed

    def _read(self) -> Columns:
        columns: Columns = json.loads(self._blobs.read(JOBS_CONTAINER, self._name))
        return columns
