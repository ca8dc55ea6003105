"""The one set of columns of a job's output, claimed by the first result (shared/storage/containers.py)."""

import json
import threading

from shared.storage.containers import JOBS_CONTAINER, columns_name
from shared.storage.hot_path.blobs import HotBlobs
from shared.storage.hot_path.errors import StorageConflictError

Columns = list[str] | None


class ColumnsClaim:
    """Claims columns for the job, once; later callers get what was claimed first."""

    def __init__(self, blobs: HotBlobs, job_id: str) -> None:
        self._blobs = blobs
        self._name = columns_name(job_id)
        self._lock = threading.Lock()
        self._known = False
        self._columns: Columns = None

    def agree(self, proposed: Columns) -> Columns:
        """The job's columns: `proposed` when nobody was earlier; raises HotPathError."""
        with self._lock:
            if not self._known:
                self._columns = self._claimed(proposed)
                self._known = True
            return self._columns

    def _claimed(self, proposed: Columns) -> Columns:
        try:
            self._blobs.put(
                JOBS_CONTAINER, self._name, json.dumps({"columns": proposed}).encode(), only_if_missing=True
            )
        except StorageConflictError:
            columns: Columns = json.loads(self._blobs.read(JOBS_CONTAINER, self._name))["columns"]
            return columns
        return proposed
