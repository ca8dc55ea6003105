"""Blob calls of the REST interface."""

import base64
import hashlib
from collections.abc import Callable, Mapping

from scorer_container.node.storage.client import Response
from tests.simulation.storage.blobs import Blob, Key
from tests.simulation.storage.errors import StorageFault
from tests.simulation.storage.server import Server

Call = tuple[str, Callable[[], Response]]

_METADATA = "x-ms-meta-"


def blob_call(
    server: Server, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
) -> Call:
    """Return the name of a call, and the function that carries it out."""
    container, _, name = path.lstrip("/").partition("/")
    key, blobs = (container, name), server.blobs
    if method == "GET":
        return "read", lambda: Response(200, _properties(blobs.read(key)), blobs.read(key).content or b"")
    if method == "HEAD":
        return "look", lambda: _head(server, key)
    assert method == "PUT", f"{method} {path} is not simulated"
    return _write(server, key, query, headers, body)


def _write(server: Server, key: Key, query: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Call:
    blobs = server.blobs
    if query.get("comp") == "block":
        block = base64.b64decode(query["blockid"]).decode()
        return "stage", lambda: _created(headers, body, lambda: blobs.stage(key, block, body))
    if query.get("comp") == "appendblock":
        position = headers.get("x-ms-blob-condition-appendpos")
        at = None if position is None else int(position)
        return "append", lambda: _created(headers, body, lambda: blobs.append(key, body, at))
    if_missing = headers.get("if-none-match") == "*"
    if headers["x-ms-blob-type"] == "AppendBlob":
        return "create append", lambda: _created({}, b"", lambda: blobs.create_append(key, if_missing=if_missing))
    metadata = {name.removeprefix(_METADATA): text for name, text in headers.items() if name.startswith(_METADATA)}
    if_match = headers.get("if-match", "")
    return "put", lambda: _created(
        headers, body, lambda: blobs.put(key, body, metadata, if_match, if_missing=if_missing)
    )


def _created(headers: Mapping[str, str], body: bytes, write: Callable[[], object]) -> Response:
    given = headers.get("content-md5")
    if given and given != base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode():
        raise StorageFault(400, "Md5Mismatch")
    if "content-length" in headers and int(headers["content-length"]) != len(body):
        raise StorageFault(400, "InvalidHeaderValue")
    write()
    return Response(201, {}, b"")


def _head(server: Server, key: Key) -> Response:
    blob = server.blobs.read(key)
    return Response(200, {**_properties(blob), "content-length": str(len(blob.content or b""))}, b"")


def _properties(blob: Blob) -> dict[str, str]:
    return {"etag": blob.etag, **{f"{_METADATA}{name}": text for name, text in blob.metadata.items()}}
