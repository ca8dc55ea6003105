"""Rows of one table. They hold the same documents as those of shared/storage/rows.py."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic
from urllib.parse import quote

from scorer_container.node.storage.calls import Calls
from scorer_container.node.storage.client import Response
from scorer_container.node.storage.errors import StorageRefusedError
from shared.contracts.row_documents import Document, content_of, entity_of
from shared.errors import ConflictError, NotFoundError, PreconditionFailedError
from shared.storage.rows import Row as DocumentRow

_HEADERS = {"accept": "application/json;odata=minimalmetadata", "dataserviceversion": "3.0"}
_WRITE = {**_HEADERS, "content-type": "application/json", "prefer": "return-no-content"}
_NEXT = {"NextPartitionKey": "x-ms-continuation-nextpartitionkey", "NextRowKey": "x-ms-continuation-nextrowkey"}


@dataclass(frozen=True)
class Row(DocumentRow[Document]):
    """A row as it was read."""

    timestamp: datetime
    """When it was last written, by the server's clock."""


class Rows(Generic[Document]):
    """Typed rows of one table. Each call is tried as often as `calls` says, and each try may have worked.

    The first insert makes the table when it is missing (in Azure the deployment makes all); to a reader it is empty
    until then.
    """

    def __init__(self, calls: Calls, table: str, document: type[Document]) -> None:
        """`calls` leads to the account's table service."""
        self._calls = calls
        self._table = table
        self._document = document

    async def insert(self, partition: str, key: str, document: Document) -> str:
        """Write a new row and return its ETag; raise ConflictError if the row exists."""
        body = json.dumps(entity_of(partition, key, document)).encode()
        response = await self._calls.request("POST", f"/{self._table}", _WRITE, body)
        if response.status == 404:
            await self._create_table()
            response = await self._calls.request("POST", f"/{self._table}", _WRITE, body)
        if response.status == 409:
            raise ConflictError(f"{self._table} {partition}/{key} exists already")
        return self._expect(204, response, f"{partition}/{key}").headers["etag"]

    async def replace(self, partition: str, key: str, document: Document, etag: str) -> str:
        """Write `document` over the row with `etag` and return the new ETag.

        Raises:
            PreconditionFailedError: the row has another ETag.
            NotFoundError: there is no such row.
        """
        body = json.dumps(entity_of(partition, key, document)).encode()
        headers = {**_WRITE, "if-match": etag}
        response = await self._calls.request("PUT", self._path(partition, key), headers, body)
        if response.status == 412:
            raise PreconditionFailedError(f"{self._table} {partition}/{key} has changed since it was read")
        if response.status == 404:
            raise NotFoundError(f"{self._table} {partition}/{key} not found")
        return self._expect(204, response, f"{partition}/{key}").headers["etag"]

    async def find(self, partition: str, key: str) -> Row[Document] | None:
        """Return the row, or None if it is missing."""
        response = await self._calls.request("GET", self._path(partition, key), _HEADERS)
        if response.status == 404:
            return None
        return self._row(_json(self._expect(200, response, f"{partition}/{key}")))

    async def partition(self, name: str) -> list[Row[Document]]:
        """Return all rows of a partition, ordered by key."""
        question = f"/{self._table}()?$filter={quote(f'PartitionKey eq {_literal(name)}', safe='')}"
        rows, target = list[Row[Document]](), question
        while target:
            response = await self._calls.request("GET", target, _HEADERS)
            if response.status == 404:
                return rows
            rows += [self._row(entity) for entity in _json(self._expect(200, response, name))["value"]]
            target = _next(question, response.headers)
        return rows

    async def delete(self, partition: str, key: str) -> None:
        """Delete the row. A missing one is fine."""
        response = await self._calls.request("DELETE", self._path(partition, key), {**_HEADERS, "if-match": "*"})
        if response.status != 404:
            self._expect(204, response, f"{partition}/{key}")

    async def _create_table(self) -> None:
        response = await self._calls.request("POST", "/Tables", _WRITE, json.dumps({"TableName": self._table}).encode())
        if response.status != 409:  # another node was faster
            self._expect(204, response, "")

    def _path(self, partition: str, key: str) -> str:
        keys = f"PartitionKey={_literal(partition)},RowKey={_literal(key)}"
        return f"/{self._table}({quote(keys, safe='=,')})"

    def _expect(self, status: int, response: Response, row: str) -> Response:
        if response.status == status:
            return response
        code = response.headers.get("x-ms-error-code", "") or _code(response)
        raise StorageRefusedError(
            f"table {self._table} {row}: HTTP {response.status} {code}".rstrip(),
            status=response.status,
            storage_code=code,
        )

    def _row(self, entity: Mapping[str, Any]) -> Row[Document]:
        return Row(
            partition=entity["PartitionKey"],
            key=entity["RowKey"],
            content=content_of(entity, self._table, self._document),
            etag=entity["odata.etag"],
            timestamp=datetime.fromisoformat(entity["Timestamp"]),
        )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _json(response: Response) -> Any:
    try:
        return json.loads(response.body)
    except ValueError as error:  # somebody in between answered
        raise StorageRefusedError(
            f"the answer is not JSON: {error}", status=response.status, storage_code=""
        ) from error


def _code(response: Response) -> str:
    """Return the error code of an answer; the table service has it in the body."""
    with suppress(ValueError, KeyError, TypeError):
        return str(json.loads(response.body)["odata.error"]["code"])
    return ""


def _next(question: str, headers: Mapping[str, str]) -> str:
    """Return the target of the next page; empty after the last one."""
    keys = {name: headers[header] for name, header in _NEXT.items() if headers.get(header)}
    return question + "".join(f"&{name}={quote(value, safe='')}" for name, value in keys.items()) if keys else ""
