"""A blob container, opened with a SAS."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, TypeVar

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.storage.blob import ContainerClient

from cli.connection.pool import ca_bundle, is_loopback
from cli.output.errors import (
    AuthenticationError,
    CliError,
    InvalidInputError,
    NotFoundError,
    ServiceError,
    UnreachableError,
)
from cli.output.progress import Progress, readable_bytes
from cli.uploads.local_files import LocalFile, LocalFiles
from shared.storage.blobs import is_folder_blob

Item = TypeVar("Item")

PARALLEL_TRANSFERS = 8
PARALLEL_BLOCKS = 4


@dataclass(frozen=True)
class Container:
    """A container, given by its URL and SAS."""

    url: str
    sas: str = field(repr=False)

    @cached_property
    def client(self) -> ContainerClient:
        """The client of Azure's SDK."""
        through_proxy = not is_loopback(self.url)
        address = f"{self.url}?{self.sas.lstrip('?')}"
        return ContainerClient.from_container_url(
            address, use_env_settings=through_proxy, connection_verify=ca_bundle() or True
        )

    def upload(self, files: LocalFiles, prefix: str, label: str) -> None:
        """Upload the files that are not yet below `prefix`, with a progress bar."""
        with _explained(self.url):
            there = {blob.name: blob.size for blob in self.client.list_blobs(name_starts_with=prefix)}
            missing = [file for file in files.files if there.get(f"{prefix}{file.relative_path}") != file.size]
            if not missing:
                return
            if len(missing) > 1:
                label = f"{label} ({len(missing):,} files)"
            with Progress(label, sum(file.size for file in missing), readable_bytes) as progress:
                _in_parallel(lambda file: self._put(file, prefix, progress), missing)

    def blobs(self, prefix: str) -> list[tuple[str, int]]:
        """Return name and size of each file whose name starts with `prefix`."""
        with _explained(self.url):
            blobs = self.client.list_blobs(name_starts_with=prefix, include=["metadata"])
            return [(blob.name, blob.size) for blob in blobs if not is_folder_blob(blob)]

    def download(self, prefix: str, blobs: list[tuple[str, int]], target: Path, label: str) -> list[Path]:
        """Download blobs below the folder `prefix` (names and sizes) to the folder `target`; return the files."""
        with _explained(self.url), Progress(label, sum(size for _, size in blobs), readable_bytes) as progress:
            wanted = [(name, safe_path(target, name.removeprefix(prefix))) for name, _ in blobs]
            _in_parallel(lambda pair: self._get(*pair, progress), wanted)
        return [path for _, path in wanted]

    def _put(self, file: LocalFile, prefix: str, progress: Progress) -> None:
        blob = self.client.get_blob_client(f"{prefix}{file.relative_path}")
        with file.path.open("rb") as stream:
            blob.upload_blob(stream, length=file.size, overwrite=True, max_concurrency=PARALLEL_BLOCKS)
        progress.advance(file.size)

    def _get(self, name: str, path: Path, progress: Progress) -> None:
        with whole_file(path) as stream:
            for chunk in self.client.get_blob_client(name).download_blob().chunks():
                stream.write(chunk)
                progress.advance(len(chunk))


def _in_parallel(work: Callable[[Item], None], items: list[Item]) -> None:
    """Do `work` for each item. The first error is raised, and cancels items that have not started."""
    with ThreadPoolExecutor(PARALLEL_TRANSFERS) as pool:
        try:
            for _ in pool.map(work, items):
                pass
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write. It replaces `path` at the end of the `with` block; an exception leaves `path` as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".bml-{uuid.uuid4().hex}")
    try:
        with new.open("xb") as stream:
            yield stream
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def safe_path(target: Path, relative: str) -> Path:
    """Return the path of a blob below `target`; raise InvalidInputError for a name that leads out of it."""
    parts = relative.split("/")
    if any(part in {"", ".", ".."} or "\0" in part for part in parts):
        raise InvalidInputError(f"the blob name {relative!r} does not name a file below {target}")
    return target.joinpath(*parts)


@contextmanager
def _explained(url: str) -> Iterator[None]:
    """Turn errors of blob storage into CliErrors."""
    try:
        yield
    except AzureError as error:
        raise _problem(url, error) from None


def _problem(url: str, error: AzureError) -> CliError:
    reason = str(error.message).splitlines()[0] if error.message else type(error).__name__
    if isinstance(error, ClientAuthenticationError):
        return AuthenticationError(f"blob storage denied access to {url}: {reason}")
    if isinstance(error, ResourceNotFoundError):
        return NotFoundError(f"{url}: {reason}")
    if isinstance(error, HttpResponseError) and error.status_code:
        return ServiceError(f"blob storage at {url} answered HTTP {error.status_code}: {reason}")
    return UnreachableError(f"no answer from blob storage at {url}: {reason}", hint="Look at `bml local status`")
