"""The files of each mini-batch of a job."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from shared.contracts.job_spec import JobSpec
from shared.storage.blobs import JOBS_CONTAINER
from shared.storage.hot_path.connect import HotAccount
from shared.storage.manifest import ManifestReader


@dataclass(frozen=True)
class MiniBatch:
    """The files of one `run()`."""

    number: int
    files: Sequence[str]
    """Paths relative to the input, in the order of the manifest."""


class MiniBatches:
    """Reads them from the manifest; shared by the lanes."""

    def __init__(self, hot: HotAccount, spec: JobSpec) -> None:
        self._reader = ManifestReader(lambda name: hot.blobs.read(JOBS_CONTAINER, name), spec.job_id)
        self._work = spec.work
        self._lock = threading.Lock()

    def mini_batch(self, number: int) -> MiniBatch:
        """The mini-batch of this number; raises HotPathError."""
        first, end = self._work.file_range(number)
        with self._lock:
            return MiniBatch(number, self._reader.paths(first, end))
