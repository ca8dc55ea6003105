"""The files that a script writes to `AZUREML_BI_OUTPUT_PATH` itself."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from scorer_container.node.reporting.failure import FatalProblemError, fatal
from scorer_container.node.scope import in_thread
from scorer_container.node.storage.blobs import MAX_PUT_BYTES, Blobs
from scorer_container.node.storage.errors import BlobGoneError, StorageConflictError, StorageRefusedError
from scorer_container.node.tasks.output_folder import (
    FileBeginning,
    FileChangedError,
    FoundFile,
    OutputFolder,
    OutputFolderError,
)
from shared.contracts.job_spec import OutputSpec
from shared.contracts.names import fault_of_blob_name
from shared.storage.blobs import is_made_by, mark_of

_TRIES = 3
"""Uploads of a file that the script changes meanwhile."""
_WRITES = 10
"""Attempts to write a name that other processes of the job may write at the same time."""
_CHANGED = "Md5Mismatch"
"""Storage's error code for content that differs from its announced hash."""


class OutputFiles:
    """Uploads what one scoring process wrote to its output folder.

    Files stay on disk until the job ends, as a script may go on appending to them; a changed file is uploaded again.
    """

    def __init__(self, folder: Path, blobs: Blobs, output: OutputSpec, job_id: str, log: Callable[[str], None]) -> None:
        """Upload from `folder` with `blobs`, the client of the output's account.

        `log` is called once for each thing that is not uploaded.
        """
        self._folder = OutputFolder(folder, self._fault_of)
        self._blobs = blobs
        self._output = output
        self._makers = (job_id, *output.follows)
        self._log = log
        self._uploaded: dict[str, FoundFile] = {}
        self._told: set[str] = set()
        self._turn = asyncio.Lock()  # an order of uploads: each file has its state of one listing

    async def upload(self) -> None:
        """Upload what is new or has changed since the last call; raise StorageError or FatalProblemError."""
        async with self._turn:
            try:
                if self._folder.is_empty:
                    return
                files, passed_over = await in_thread(self._listed)
            except OutputFolderError as error:
                raise _refused(str(error)) from None
            for text in passed_over:
                self._tell(text)
            for file in files:
                if self._uploaded.get(file.path) != file:
                    await self._upload(file)

    def _listed(self) -> tuple[list[FoundFile], list[str]]:
        """Return the files, and what there is to tell about everything else. It runs in a thread."""
        passed_over: list[str] = []
        found = self._folder.files(lambda path, what: passed_over.append(f"{path!r} is {what} and is not uploaded"))
        return list(found), passed_over

    async def _upload(self, file: FoundFile) -> None:
        name = self._output.folder.child(file.path)
        if name in {self._output.file_path, self._output.errors_path}:
            raise fatal(
                "output",
                f"the script wrote {file.path} to AZUREML_BI_OUTPUT_PATH, which is the job's own file there: "
                "write under another name",
            )
        if file.size > MAX_PUT_BYTES:
            raise _refused(f"{file.path!r} has {file.size:,} bytes; a file may have {MAX_PUT_BYTES:,}")
        for _ in range(_TRIES):
            try:
                await self._put(name, file)
            except FileNotFoundError:
                return  # the script has removed it again
            except FileChangedError:
                continue
            except OutputFolderError as error:
                raise _refused(str(error)) from None
            self._uploaded[file.path] = file
            return
        self._tell(f"{file.path!r} changes while it is uploaded; it is left for the next time")

    async def _put(self, name: str, file: FoundFile) -> None:
        """Upload as many bytes as the file had when it was listed; the next upload takes what is appended meanwhile."""
        with self._folder.open(file.path) as opened:
            beginning = cast(BinaryIO, FileBeginning(opened, file.size))
            try:
                await _put_own(self._blobs, self._output.folder.container, name, beginning, self._makers)
            except StorageRefusedError as error:
                if error.storage_code == _CHANGED:
                    raise FileChangedError(file.path) from None
                raise _refused(f"{file.path!r} cannot be uploaded: {error}") from None

    def _fault_of(self, path: str) -> str:
        return fault_of_blob_name(self._output.folder.child(path))

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._log(f"AZUREML_BI_OUTPUT_PATH: {text}")


def _refused(reason: str) -> FatalProblemError:
    return fatal("output", f"what the script left in AZUREML_BI_OUTPUT_PATH cannot be kept: {reason}")


async def _put_own(blobs: Blobs, container: str, name: str, body: BinaryIO, makers: Sequence[str]) -> None:
    """Write the blob unless a job other than `makers` made it; mark it as made by the first of them.

    Raises:
        FatalProblemError: another job or a user made the blob.
        StorageError: storage failed.
    """
    mark = mark_of(makers[0])
    for _ in range(_WRITES):
        with suppress(StorageConflictError):
            return await blobs.put(container, name, body, only_if_missing=True, metadata=mark)
        with suppress(StorageConflictError, BlobGoneError):
            found = await blobs.look(container, name)
            if not any(is_made_by(found.metadata, maker) for maker in makers):
                raise _foreign(name)
            return await blobs.put(container, name, body, only_over=found.etag, metadata=mark)
    raise fatal("output", f"several processes of the job write {name} at the same time: give each its own names")


def _foreign(name: str) -> FatalProblemError:
    return fatal(
        "output",
        f"the script wrote {name} to AZUREML_BI_OUTPUT_PATH, but a file of that name is in the output folder, which "
        "this job did not make and does not overwrite: write under another name, or give the job another output folder",
    )
