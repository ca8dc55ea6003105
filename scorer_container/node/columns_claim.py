"""What all results of a job have in common, claimed by the first one (shared/storage/blobs.py)."""

import json
import threading
from typing import Any

from shared.storage.blobs import JOBS_CONTAINER, columns_name
from shared.storage.hot_path.blobs import HotBlobs
from shared.storage.hot_path.errors import StorageConflictError

Columns = dict[str, Any]
"""`columns`: their names, None where they have none; `types`, where the output has them."""


class ColumnsClaim:
    """Claims columns for the job, once; later callers get what was claimed first."""

    def __init__(self, blobs: HotBlobs, job_id: str) -> None:
        self._blobs = blobs
        self._name = columns_name(job_id)
        self._lock = threading.Lock()
        self._agreed: Columns | None = None

    def agree(self, proposed: Columns) -> Columns:
        """The job's columns: `proposed` when nobody was earlier; raises HotPathError."""
        with self._lock:
            if self._agreed is None:
                self._agreed = self._claimed(proposed)
            return self._agreed

    def agreed(self) -> Columns:
        """The job's columns, which a first result has claimed; raises HotPathError."""
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
