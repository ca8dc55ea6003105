"""What the app uses of the SDK's blob clients."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from azure.core import MatchConditions
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobBlock, BlockState

from tests.simulation.storage.errors import StorageFault
from tests.simulation.storage.rest import URLS
from tests.simulation.storage.sdk_calls import SdkCalls

T = TypeVar("T")


@dataclass
class Properties:
    """What is known of a blob."""

    name: str
    etag: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    size: int = 0


class BlobService:
    """Stands for BlobServiceClient."""

    account_name = "simulated"

    def __init__(self, calls: SdkCalls) -> None:
        self.url = URLS["blob"]
        self._calls = calls

    def get_container_client(self, name: str) -> "Container":
        return Container(self._calls, name)

    def get_blob_client(self, container: str, blob: str) -> "Blob":
        return Blob(self._calls, container, blob)


class Container:
    """Stands for ContainerClient."""

    def __init__(self, calls: SdkCalls, name: str) -> None:
        self._calls, self.container_name = calls, name

    def create_container(self) -> None:
        containers = self._calls.server.blobs.containers

        def create() -> None:
            if self.container_name in containers:
                raise StorageFault(409, "ContainerAlreadyExists")
            containers.add(self.container_name)

        self._calls.call("create container", create, self.container_name)

    def get_blob_client(self, name: str) -> "Blob":
        return Blob(self._calls, self.container_name, name)

    def upload_blob(self, name: str, data: str | bytes, *, overwrite: bool) -> None:
        self.get_blob_client(name).upload(data if isinstance(data, bytes) else data.encode(), overwrite=overwrite)

    def download_blob(self, name: str, offset: int = 0, length: int | None = None) -> "Download":
        return self.get_blob_client(name).download_blob(offset, length)

    def list_blob_names(self, name_starts_with: str = "", results_per_page: int = 5_000) -> "Names":
        blobs = self._calls.server.blobs
        names = lambda: blobs.names(self.container_name, name_starts_with)  # noqa: E731
        return Names(lambda: self._calls.call("list blobs", names, self.container_name))


class Names:
    """A listing. It has one page."""

    continuation_token: str | None = None

    def __init__(self, listed: Callable[[], list[str]]) -> None:
        self._listed = listed
        self._is_done = False

    def by_page(self, continuation_token: str | None = None) -> "Names":
        return self

    def __next__(self) -> list[str]:
        if self._is_done:
            raise StopIteration
        self._is_done = True
        return self._listed()

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed())


@dataclass
class Download:
    """The content of a blob."""

    content: bytes

    def readall(self) -> bytes:
        return self.content

    def chunks(self) -> Iterator[bytes]:
        yield self.content


class Blob:
    """Stands for BlobClient."""

    def __init__(self, calls: SdkCalls, container: str, name: str) -> None:
        self._calls, self._blobs = calls, calls.server.blobs
        self.container_name, self.blob_name, self._key = container, name, (container, name)

    def get_blob_properties(self) -> Properties:
        def look() -> Properties:
            blob = self._blobs.read(self._key)
            return Properties(self.blob_name, blob.etag, dict(blob.metadata), len(blob.content or b""))

        return self._call("look", look)

    def exists(self) -> bool:
        try:
            self.get_blob_properties()
        except ResourceNotFoundError:
            return False
        return True

    def get_block_list(self, state: str | BlockState) -> tuple[list[BlobBlock], list[BlobBlock]]:
        committed, staged = self._call("blocks", lambda: self._blobs.blocks(self._key))
        return [BlobBlock(block) for block in committed], [BlobBlock(block) for block in staged]

    def stage_block(self, block: str, data: bytes) -> None:
        self._call("stage", lambda: self._blobs.stage(self._key, block, data))

    def commit_block_list(
        self,
        blocks: Iterable[BlobBlock],
        content_settings: Any,
        metadata: Mapping[str, str],
        match_condition: MatchConditions = MatchConditions.Unconditionally,
        etag: str = "",
    ) -> None:
        named = [
            (str(block.state.value if isinstance(block.state, BlockState) else block.state), str(block.id))
            for block in blocks
        ]
        if_missing = match_condition is MatchConditions.IfMissing
        if_match = etag if match_condition is MatchConditions.IfNotModified else ""
        self._call("commit", lambda: self._blobs.commit(self._key, named, metadata, if_match, if_missing=if_missing))

    def upload(self, data: bytes, *, overwrite: bool) -> None:
        self._call("put", lambda: self._blobs.put(self._key, data, {}, if_missing=not overwrite))

    def download_blob(self, offset: int = 0, length: int | None = None) -> Download:
        content = self._call("read", lambda: self._blobs.read(self._key).content or b"")
        end = None if length is None else offset + length
        return Download(content[offset:end])

    def delete_blob(self, etag: str = "", match_condition: Any = None) -> None:
        self._call("delete blob", lambda: self._blobs.delete(self._key, etag))

    def _call(self, name: str, work: Callable[[], T]) -> T:
        return self._calls.call(name, work, f"{self.container_name}/{self.blob_name}")
