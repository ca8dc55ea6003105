"""The blobs of one account, for the calls that each file and each task makes."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import quote

from scorer_container.node.scope import in_thread
from scorer_container.node.storage.calls import Calls
from scorer_container.node.storage.client import Response
from scorer_container.node.storage.errors import (
    BlobGoneError,
    StorageConflictError,
    StorageError,
    StorageRefusedError,
)
from shared.storage.ledger import encoded_block_id

_CHUNK = 1 << 20
"""Bytes that are hashed at a time; a longer body is hashed in a thread."""
_METADATA = "x-ms-meta-"
MAX_PUT_BYTES = 4_000 * 1024 * 1024
"""Source: Azure's limit of one Put Block; Put Blob allows somewhat more."""


@dataclass(frozen=True)
class BlobLook:
    """The ETag and metadata of a blob."""

    etag: str
    metadata: Mapping[str, str]
    """With names in lower case."""


class Blobs:
    """Reads and writes blobs by container and name."""

    def __init__(self, calls: Calls) -> None:
        """`calls` leads to an account's blob service."""
        self._calls = calls

    async def read(self, container: str, name: str) -> bytes:
        """Return the blob's content; raises BlobGoneError."""
        response = await self._calls.request("GET", _path(container, name))
        return self._expect(200, response, container, name).body

    async def read_to(self, container: str, name: str, into: BinaryIO) -> None:
        """Write the blob's content to a file; raises BlobGoneError."""
        self._expect(200, await self._calls.download(_path(container, name), into), container, name)

    async def stage_block(self, container: str, name: str, block_id: str, body: bytes | BinaryIO) -> None:
        """Stage one block of a block blob, which need not exist (`block_id` as the ledger spells it)."""
        target = f"{_path(container, name)}?comp=block&blockid={quote(encoded_block_id(block_id), safe='')}"
        self._expect(201, await self._put(target, body, {}), container, name)

    async def put(
        self,
        container: str,
        name: str,
        body: bytes | BinaryIO,
        *,
        only_if_missing: bool = False,
        only_over: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Write a whole block blob.

        Raises StorageConflictError if the blob exists although it should be missing, or no longer has the ETag
        `only_over`.
        """
        headers = {"x-ms-blob-type": "BlockBlob"} | ({"if-none-match": "*"} if only_if_missing else {})
        headers |= {"if-match": only_over} if only_over else {}
        headers |= {f"{_METADATA}{key}": value for key, value in (metadata or {}).items()}
        self._expect(201, await self._put(_path(container, name), body, headers), container, name)

    async def look(self, container: str, name: str) -> BlobLook:
        """Return the blob's ETag and metadata; raises BlobGoneError."""
        response = await self._calls.request("HEAD", _path(container, name))
        found = self._expect(200, response, container, name).headers
        metadata = {key.removeprefix(_METADATA): value for key, value in found.items() if key.startswith(_METADATA)}
        return BlobLook(found["etag"], metadata)

    async def create_append_blob(self, container: str, name: str) -> None:
        """Create an empty append blob; leave an existing one as it is."""
        headers = {"x-ms-blob-type": "AppendBlob", "if-none-match": "*", "content-type": "text/plain; charset=utf-8"}
        response = await self._calls.request("PUT", _path(container, name), headers, b"")
        if response.headers.get("x-ms-error-code") != "BlobAlreadyExists":
            self._expect(201, response, container, name)

    async def append(self, container: str, name: str, body: bytes, *, position: int) -> int:
        """Append at `position` (the blob's length so far) and return the new length.

        Raises StorageConflictError if the length differs: somebody else appended, or an earlier try of this call
        arrived and only its answer was lost.
        """
        headers = {"x-ms-blob-condition-appendpos": str(position)}
        response = await self._put(f"{_path(container, name)}?comp=appendblock", body, headers)
        self._expect(201, response, container, name)
        return position + len(body)

    async def length(self, container: str, name: str) -> int:
        """Return the blob's length in bytes; raises BlobGoneError."""
        response = await self._calls.request("HEAD", _path(container, name))
        return int(self._expect(200, response, container, name).headers["content-length"])

    async def _put(self, target: str, body: bytes | BinaryIO, headers: dict[str, str]) -> Response:
        if not isinstance(body, bytes):
            body = _read_if_short(body)
        digest, length = await _digest(body)
        if length > MAX_PUT_BYTES:
            raise StorageRefusedError(
                f"{length:,} bytes in one piece; Azure Storage accepts {MAX_PUT_BYTES:,}", status=413, storage_code=""
            )
        sent = {**headers, "content-md5": digest, "content-length": str(length)}
        return await self._calls.request("PUT", target, sent, body)

    def _expect(self, status: int, response: Response, container: str, name: str) -> Response:
        if response.status == status:
            return response
        raise self._error(response, f"{self._calls.url}/{container}/{name}")

    @staticmethod
    def _error(response: Response, blob: str) -> StorageError:
        code = response.headers.get("x-ms-error-code", "")
        if response.status == 404:
            return BlobGoneError(f"{blob} does not exist")
        if response.status in {409, 412}:
            return StorageConflictError(f"{blob}: {code}")
        return StorageRefusedError(
            f"{blob}: HTTP {response.status} {code}".rstrip(), status=response.status, storage_code=code
        )


def _path(container: str, name: str) -> str:
    return f"/{quote(container)}/{quote(name)}"


def _read_if_short(body: BinaryIO) -> bytes | BinaryIO:
    """Return the content of a short file, so that it is read once only."""
    body.seek(0)
    beginning = body.read(_CHUNK)
    return beginning if len(beginning) < _CHUNK else body


async def _digest(body: bytes | BinaryIO) -> tuple[str, int]:
    """Return the body's MD5 as Content-MD5 wants it (it lets storage check what arrives), and its length."""
    if not isinstance(body, bytes):
        digest, length = await in_thread(_digest_of_file, body)
    elif len(body) > _CHUNK:
        digest, length = await in_thread(_digest_of_bytes, body)
    else:
        digest, length = _digest_of_bytes(body)
    return base64.b64encode(digest).decode(), length


def _digest_of_bytes(body: bytes) -> tuple[bytes, int]:
    return hashlib.md5(body, usedforsecurity=False).digest(), len(body)


def _digest_of_file(body: BinaryIO) -> tuple[bytes, int]:
    body.seek(0)
    digest, length = hashlib.md5(usedforsecurity=False), 0
    while chunk := body.read(_CHUNK):
        digest.update(chunk)
        length += len(chunk)
    return digest.digest(), length
