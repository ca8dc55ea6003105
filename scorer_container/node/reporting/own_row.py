"""A table row that this node alone writes."""

from collections.abc import Awaitable, Callable
from typing import Generic

from scorer_container.node.storage.rows import Rows
from shared.contracts.row_documents import Document
from shared.errors import ConflictError, NotFoundError, PreconditionFailedError, UnreadableError


class OwnRow(Generic[Document]):
    """A row with one writer. Each write names the ETag of the one before: a write that arrives late is refused."""

    def __init__(
        self,
        rows: Rows[Document],
        partition: str,
        key: str,
        may_overwrite: Callable[[Document], bool] = lambda _: True,
        when_gone: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`may_overwrite` is asked when the row has content that this object did not write, or not knowingly.

        `when_gone` is called when somebody has removed the row. If it raises an error, the row is not inserted again.
        """
        self._rows = rows
        self._partition = partition
        self._key = key
        self._may_overwrite = may_overwrite
        self._when_gone = when_gone
        self._etag = ""

    async def write(self, document: Document) -> bool:
        """Write the row; return whether it is new.

        Raise StorageError if it is not known whether it was written.
        """
        while True:
            try:
                if not self._etag:
                    self._etag = await self._rows.insert(self._partition, self._key, document)
                    return True
                self._etag = await self._rows.replace(self._partition, self._key, document, self._etag)
            except NotFoundError:
                self._etag = ""
                if self._when_gone is not None:
                    await self._when_gone()
            except (ConflictError, PreconditionFailedError):
                if not await self._meet_other_content():
                    return False
            else:
                return False

    async def remove(self) -> None:
        """Delete the row if it is there; raise StorageError."""
        await self._rows.delete(self._partition, self._key)
        self._etag = ""

    async def _meet_other_content(self) -> bool:
        """Take the ETag of the row as it is now; return False if it may not be overwritten."""
        row = await self._rows.find(self._partition, self._key)
        if row is None:
            self._etag = ""
            return True
        try:
            if not self._may_overwrite(row.document):
                return False
        except UnreadableError:
            pass  # whoever wrote it, the row is this node's
        self._etag = row.etag
        return True
