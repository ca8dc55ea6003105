"""Blobs of a job that others may have made before: a job writes only over its own."""

from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO

from scorer_container.node.failure import FatalProblemError, fatal
from shared.storage.blobs import is_made_by, mark_of
from shared.storage.hot_path.blobs import HotBlobs
from shared.storage.hot_path.errors import BlobGoneError, StorageConflictError

_TRIES = 10
"""Other processes of the job may write the same name at the same time."""


def put_own(blobs: HotBlobs, container: str, name: str, body: BinaryIO, makers: Sequence[str]) -> None:
    """Write the blob if there is none yet, or over one that one of `makers` made; the first of them makes it.

    Raises FatalProblemError when somebody else made it, and HotPathError.
    """
    mark = mark_of(makers[0])
    for _ in range(_TRIES):
        with suppress(StorageConflictError):
            return blobs.put(container, name, body, only_if_missing=True, metadata=mark)
        with suppress(StorageConflictError, BlobGoneError):
            found = blobs.look(container, name)
            if not any(is_made_by(found.metadata, maker) for maker in makers):
                raise _foreign(name)
            return blobs.put(container, name, body, only_over=found.etag, metadata=mark)
    raise fatal("output", f"several processes of the job write {name} at the same time: give each its own names")


def _foreign(name: str) -> FatalProblemError:
    return fatal(
        "output",
        f"the script wrote {name} to AZUREML_BI_OUTPUT_PATH, but a file of that name is in the output folder, which "
        "this job did not make and does not overwrite: write under another name, or give the job another output folder",
    )
