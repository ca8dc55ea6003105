"""Typed rows in Azure tables: one JSON document for each row (row_documents.py), with its ETag."""

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic

from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables import TableClient, TableServiceClient, TableTransactionError, UpdateMode

from shared.contracts.row_documents import Document, content_of, entity_of
from shared.errors import (
    ConflictError,
    NotFoundError,
    PreconditionFailedError,
    Problems,
    UnreadableError,
    ValidationError,
)

log = logging.getLogger(__name__)

UPDATE_TRIES = 20
_LONGEST_PAUSE_SECONDS = 0.2

_BAD_REQUEST = 400


@dataclass(frozen=True)
class Row(Generic[Document]):
    """A document and the ETag that it was read or written with.

    A row that cannot be read can still be found, listed and deleted: only its `document` raises. Code that must not
    miss a row therefore stops at it; code that serves each row by itself uses `readable`.
    """

    partition: str
    key: str
    content: Document | UnreadableError
    etag: str

    @property
    def document(self) -> Document:
        """The row's document. Raises UnreadableError."""
        if isinstance(self.content, UnreadableError):
            raise self.content
        return self.content


def readable(rows: Iterable[Row[Document]], unreadable: Problems | None = None) -> Iterator[Row[Document]]:
    """Yield the rows whose documents can be read. Log the others and add them to `unreadable`."""
    for row in rows:
        if isinstance(row.content, UnreadableError):
            log.error("%s", row.content.message)
            if unreadable is not None:
                unreadable.append(row.content)
        else:
            yield row


class RowTable(Generic[Document]):
    """One table whose rows are documents of one type.

    A write makes the table when it is missing (in Azure the deployment makes all); to a reader it is empty until then.
    """

    def __init__(self, service: TableServiceClient, name: str, document: type[Document]) -> None:
        """`name` is the table's name: letters and digits only."""
        self._service = service
        self._name = name
        self._document = document

    def insert(self, partition: str, key: str, document: Document) -> Row[Document]:
        """Write a new row. Raises ConflictError if it exists."""
        try:
            entity = entity_of(partition, key, document)
            answer = self._write(lambda table: table.create_entity(entity))
        except ResourceExistsError as error:
            raise ConflictError(f"{self._name} {partition}/{key} exists already") from error
        return Row(partition, key, document, str(answer["etag"]))

    def put(self, partition: str, key: str, document: Document) -> Row[Document]:
        """Write a row, whether or not it exists. The last writer wins."""
        entity = entity_of(partition, key, document)
        answer = self._write(lambda table: table.upsert_entity(entity, mode=UpdateMode.REPLACE))
        return Row(partition, key, document, str(answer["etag"]))

    def replace(self, row: Row[Document], document: Document) -> Row[Document]:
        """Write `document` over `row`. Raises PreconditionFailedError if the row has changed since it was read."""
        try:
            answer = self._table().update_entity(
                entity_of(row.partition, row.key, document),
                mode=UpdateMode.REPLACE,
                etag=row.etag,
                match_condition=MatchConditions.IfNotModified,
            )
        except (ResourceModifiedError, ResourceNotFoundError) as error:
            raise PreconditionFailedError(
                f"{self._name} {row.partition}/{row.key} has changed since it was read"
            ) from error
        return Row(row.partition, row.key, document, str(answer["etag"]))

    def update(self, partition: str, key: str, change: Callable[[Row[Document] | None], Document]) -> Row[Document]:
        """Write what `change` makes of the current row (None: there is no row). Retry if another writer comes first.

        Writes nothing if the document stays as it is. Raises what `change` raises, and PreconditionFailedError after
        UPDATE_TRIES lost races.
        """
        for attempt in range(UPDATE_TRIES):
            row = self.find(partition, key)
            document = change(row)
            if row and document == row.document:
                return row
            with suppress(ConflictError, PreconditionFailedError):
                return self.replace(row, document) if row else self.insert(partition, key, document)
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE_SECONDS, 0.01 * 2**attempt)))  # noqa: S311 - not a secret
        raise PreconditionFailedError(
            f"others change {self._name} {partition}/{key} all the time; try again", target=key
        )

    def get(self, partition: str, key: str) -> Row[Document]:
        """Return the row. Raises NotFoundError."""
        row = self.find(partition, key)
        if row is None:
            raise NotFoundError(f"{self._name} {partition}/{key} not found")
        return row

    def find(self, partition: str, key: str) -> Row[Document] | None:
        """Return the row, or None if it is missing."""
        with suppress(ResourceNotFoundError):
            return self._row(self._table().get_entity(partition, key))
        return None

    def delete(self, partition: str, key: str) -> bool:
        """Delete the row. Return False if it was not there."""
        existed = self.find(partition, key) is not None
        self._table().delete_entity(partition, key)
        return existed

    def remove(self, row: Row[Document]) -> None:
        """Delete `row`. Raises PreconditionFailedError if the row has changed since it was read."""
        try:
            self._table().delete_entity(
                row.partition, row.key, etag=row.etag, match_condition=MatchConditions.IfNotModified
            )
        except (ResourceModifiedError, ResourceNotFoundError) as error:
            raise PreconditionFailedError(
                f"{self._name} {row.partition}/{row.key} has changed since it was read"
            ) from error

    def partition(self, partition: str, prefix: str = "", *, first: str = "") -> Iterator[Row[Document]]:
        """Yield all rows of a partition whose keys begin with `prefix`, or are not below `first`, ordered by key."""
        question, parameters = "PartitionKey eq @p", {"p": partition}
        if first:
            question += " and RowKey ge @from"
            parameters["from"] = first
        if prefix:
            question += " and RowKey ge @first and RowKey lt @end"
            parameters |= {"first": prefix, "end": prefix[:-1] + chr(ord(prefix[-1]) + 1)}
        with suppress(ResourceNotFoundError):
            for entity in self._table().query_entities(question, parameters=parameters):
                yield self._row(entity)

    def all(self) -> Iterator[Row[Document]]:
        """Yield all rows of the table."""
        with suppress(ResourceNotFoundError):
            for entity in self._table().list_entities():
                yield self._row(entity)

    def page(
        self, partition: str, size: int, continuation: dict[str, str] | None = None
    ) -> tuple[list[Row[Document]], dict[str, str] | None]:
        """Return up to `size` rows of a partition in order of their keys, and where the next page begins (or None).

        Raises ValidationError for a continuation that storage does not know.
        """
        pages = self._table().query_entities("PartitionKey eq @p", parameters={"p": partition}, results_per_page=size)
        # The SDK types the token as str; the tables client gives and takes a dictionary.
        token: Any = continuation
        by_page: Any = pages.by_page(continuation_token=token)
        try:
            rows = [self._row(entity) for entity in next(by_page, [])]
        except ResourceNotFoundError:
            return [], None
        except HttpResponseError as error:
            if continuation and error.status_code == _BAD_REQUEST:
                raise ValidationError(f"the continuation {continuation} does not come from storage") from error
            raise
        return rows, by_page.continuation_token

    def delete_partition(self, partition: str) -> int:
        """Delete all rows of a partition, and return how many there were. Others may delete some of them meanwhile."""
        keys = [row.key for row in self.partition(partition)]
        for start in range(0, len(keys), 100):
            self._delete_together(partition, keys[start : start + 100])
        return len(keys)

    def _delete_together(self, partition: str, keys: list[str]) -> None:
        table = self._table()
        try:
            table.submit_transaction([("delete", {"PartitionKey": partition, "RowKey": key}) for key in keys])
        except (TableTransactionError, ResourceNotFoundError):  # one is gone, so none was deleted
            for key in keys:
                table.delete_entity(partition, key)

    def _table(self) -> TableClient:
        return self._service.get_table_client(self._name)

    def _write(self, write: Callable[[TableClient], dict[str, Any]]) -> dict[str, Any]:
        """Call `write`, and create the table and call it again if the table is missing."""
        try:
            return write(self._table())
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):
                self._service.create_table(self._name)
            return write(self._table())

    def _row(self, entity: Any) -> Row[Document]:
        content = content_of(entity, self._name, self._document)
        return Row(entity["PartitionKey"], entity["RowKey"], content, str(entity.metadata["etag"]))
