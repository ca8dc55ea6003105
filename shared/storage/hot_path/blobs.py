"""The blobs of one account, for the calls that each file and each task makes."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import quote

from shared.storage.hot_path.errors import BlobGoneError, HotPathError, StorageConflictError, StorageRefusedError
from shared.storage.hot_path.transport import Response, Transport
from shared.storage.ledger import encoded_block_id

_MD5_CHUNK = 1 << 20
_METADATA = "x-ms-meta-"
MAX_PUT_BYTES = 4_000 * 1024 * 1024
"""Source: Azure's limit for one Put Block. Put Blob allows somewhat more."""


@dataclass(frozen=True)
class BlobLook:
    """The ETag and metadata of a blob."""

    etag: str
    metadata: Mapping[str, str]
    """The names are in lower case."""


class HotBlobs:
    """Reads and writes blobs by container and name."""

    def __init__(self, transport: Transport) -> None:
        """`transport` leads to an account's blob service."""
        self._transport = transport

    def read(self, container: str, name: str) -> bytes:
        """Return the blob's content. Raises BlobGoneError."""
        response = self._transport.request("GET", _path(container, name))
        return self._expect(200, response, container, name).data

    def read_to(self, container: str, name: str, into: BinaryIO) -> None:
        """Write the blob's content to a file. Raises BlobGoneError."""
        self._expect(200, self._transport.download(_path(container, name), into), container, name)

    def stage_block(self, container: str, name: str, block_id: str, body: bytes | BinaryIO) -> None:
        """Stage one block of a block blob, which need not exist (`block_id` as the ledger spells it)."""
        target = f"{_path(container, name)}?comp=block&blockid={quote(encoded_block_id(block_id), safe='')}"
        self._expect(201, self._put(target, body, {}), container, name)

    def put(
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
        headers = {"x-ms-blob-type": "BlockBlob"} | ({"If-None-Match": "*"} if only_if_missing else {})
        headers |= {"If-Match": only_over} if only_over else {}
        headers |= {f"{_METADATA}{key}": value for key, value in (metadata or {}).items()}
        self._expect(201, self._put(_path(container, name), body, headers), container, name)

    def look(self, container: str, name: str) -> "BlobLook":
        """Return the blob's ETag and metadata. Raises BlobGoneError."""
        response = self._expect(200, self._transport.request("HEAD", _path(container, name)), container, name)
        found = {key.lower(): value for key, value in response.headers.items()}
        metadata = {key.removeprefix(_METADATA): value for key, value in found.items() if key.startswith(_METADATA)}
        return BlobLook(found["etag"], metadata)

    def create_append_blob(self, container: str, name: str) -> None:
        """Create an empty append blob. Leave an existing one as it is."""
        headers = {"x-ms-blob-type": "AppendBlob", "If-None-Match": "*", "Content-Type": "text/plain; charset=utf-8"}
        response = self._transport.request("PUT", _path(container, name), headers=headers, body=b"")
        if response.headers.get("x-ms-error-code") != "BlobAlreadyExists":
            self._expect(201, response, container, name)

    def append(self, container: str, name: str, body: bytes, *, position: int) -> int:
        """Append at `position` (the blob's length so far) and return the new length.

        Raises StorageConflictError if the length differs: somebody else appended, or an earlier try of this call
        arrived and only its answer was lost.
        """
        headers = {"x-ms-blob-condition-appendpos": str(position)}
        self._expect(201, self._put(f"{_path(container, name)}?comp=appendblock", body, headers), container, name)
        return position + len(body)

    def length(self, container: str, name: str) -> int:
        """Return the blob's length in bytes. Raises BlobGoneError."""
        response = self._transport.request("HEAD", _path(container, name))
        return int(self._expect(200, response, container, name).headers["Content-Length"])

    def _put(self, target: str, body: bytes | BinaryIO, headers: dict[str, str]) -> Response:
        digest, length = _digest(body)
        if length > MAX_PUT_BYTES:
            raise StorageRefusedError(
                f"{length:,} bytes in one piece; Azure Storage accepts {MAX_PUT_BYTES:,}", status=413, storage_code=""
            )
        sent = {**headers, "Content-MD5": digest, "Content-Length": str(length)}
        return self._transport.request("PUT", target, headers=sent, body=body)

    def _expect(self, status: int, response: Response, container: str, name: str) -> Response:
        if response.status == status:
            return response
        raise self._error(response, f"{self._transport.service_url}/{container}/{name}")

    @staticmethod
    def _error(response: Response, blob: str) -> HotPathError:
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


def _digest(body: bytes | BinaryIO) -> tuple[str, int]:
    """Return the body's MD5 for the header Content-MD5, with which storage checks what arrives, and its length."""
    digest = hashlib.md5(usedforsecurity=False)
    if isinstance(body, bytes):
        digest.update(body)
        return base64.b64encode(digest.digest()).decode(), len(body)
    body.seek(0)
    length = 0
    while chunk := body.read(_MD5_CHUNK):
        digest.update(chunk)
        length += len(chunk)
    return base64.b64encode(digest.digest()).decode(), length
