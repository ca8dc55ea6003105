"""Blobs with the semantics of Azure Blob storage: block blobs and append blobs."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.simulation.chance import Choices
from tests.simulation.storage.errors import StorageFault

Key = tuple[str, str]
"""Container and name."""


@dataclass
class Blob:
    """A blob. It is invisible until it has content."""

    staged: dict[str, bytes] = field(default_factory=dict)
    content: bytes | None = None
    committed: dict[str, bytes] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    etag: str = ""
    is_append: bool = False


@dataclass
class Blobs:
    """All blobs of the account."""

    choices: Choices
    containers: set[str] = field(default_factory=set)
    content: dict[Key, Blob] = field(default_factory=lambda: defaultdict(Blob))
    staged_ever: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Every block that was ever staged. Only the invariants look at it."""
    on_change: Callable[[Key], None] = lambda _: None
    _last: int = 0

    def read(self, key: Key) -> Blob:
        """Return a blob that exists."""
        self._container(key)
        blob = self.content.get(key)
        if blob is None or blob.content is None:
            raise StorageFault(404, "BlobNotFound")
        return blob

    def put(
        self, key: Key, body: bytes, metadata: Mapping[str, str], if_match: str = "", *, if_missing: bool = False
    ) -> str:
        """Write a whole block blob and return its ETag. This drops its uncommitted blocks, as in Azure."""
        self._check(key, if_match, if_missing=if_missing)
        self.content[key] = Blob(content=body, metadata=metadata)
        return self._changed(key)

    def stage(self, key: Key, block: str, body: bytes) -> None:
        """Stage one block."""
        self._container(key)
        if not body:
            raise StorageFault(400, "InvalidHeaderValue")  # Azure refuses a Content-Length of 0
        blob = self.content[key]
        if any(len(other) != len(block) for other in (*blob.staged, *blob.committed)):
            raise StorageFault(400, "InvalidBlobOrBlock")
        blob.staged[block] = body
        self.staged_ever[key].add(block)

    def blocks(self, key: Key) -> tuple[list[str], list[str]]:
        """Return the ids of the committed blocks in their order, and of the uncommitted ones in any order."""
        self._container(key)
        blob = self.content.get(key)
        if blob is None or (blob.content is None and not blob.staged):
            raise StorageFault(404, "BlobNotFound")
        staged = list(blob.staged)
        if len(staged) > 1:
            self.choices.order(staged)
        return list(blob.committed), staged

    def commit(
        self,
        key: Key,
        blocks: Sequence[tuple[str, str]],
        metadata: Mapping[str, str],
        if_match: str = "",
        *,
        if_missing: bool = False,
    ) -> str:
        """Make a blob of the named blocks: pairs of a list (`Uncommitted`, `Committed`, `Latest`) and an id.

        What was staged and is not named is dropped.
        """
        self._check(key, if_match, if_missing=if_missing)
        blob = self.content[key]
        latest = blob.committed | blob.staged
        lists = {"uncommitted": blob.staged, "committed": blob.committed, "latest": latest}
        if any(block not in lists[where.lower()] for where, block in blocks):
            raise StorageFault(400, "InvalidBlockList")
        blob.committed = {block: lists[where.lower()][block] for where, block in blocks}
        blob.content = b"".join(blob.committed[block] for _, block in blocks)
        blob.staged, blob.metadata = {}, metadata
        return self._changed(key)

    def delete(self, key: Key, if_match: str = "") -> None:
        """Delete a blob with its uncommitted blocks."""
        self.read(key)
        self._check(key, if_match, if_missing=False)
        del self.content[key]

    def create_append(self, key: Key, *, if_missing: bool) -> str:
        """Create an empty append blob."""
        self._check(key, "", if_missing=if_missing)
        self.content[key] = Blob(content=b"", is_append=True)
        return self._changed(key)

    def append(self, key: Key, body: bytes, position: int | None) -> str:
        """Append to an append blob, if it has the length `position`."""
        blob = self.read(key)
        assert blob.content is not None
        if not blob.is_append:
            raise StorageFault(409, "InvalidBlobType")
        if position is not None and position != len(blob.content):
            raise StorageFault(412, "AppendPositionConditionNotMet")
        blob.content += body
        return self._changed(key)

    def names(self, container: str, prefix: str) -> list[str]:
        """Return the names of the blobs that exist and begin with `prefix`, in order."""
        if container not in self.containers:
            raise StorageFault(404, "ContainerNotFound")
        found = (
            name for (place, name), blob in self.content.items() if place == container and blob.content is not None
        )
        return sorted(name for name in found if name.startswith(prefix))

    def memory(self) -> dict[Key, dict[str, bytes]]:
        """Return the uncommitted blocks, to go back to them later."""
        return {key: dict(blob.staged) for key, blob in self.content.items()}

    def forget(self, memory: dict[Key, dict[str, bytes]]) -> None:
        """Go back to the uncommitted blocks of `memory`. What was committed is on disk and stays."""
        for key, blob in self.content.items():
            if blob.content is None:
                blob.staged = memory.get(key, {})

    def _container(self, key: Key) -> None:
        if key[0] not in self.containers:
            raise StorageFault(404, "ContainerNotFound")

    def _check(self, key: Key, if_match: str, *, if_missing: bool) -> None:
        self._container(key)
        blob = self.content.get(key)
        exists = blob is not None and blob.content is not None
        if if_missing and exists:
            raise StorageFault(409, "BlobAlreadyExists")
        if if_match and (not exists or (if_match not in ("*", blob.etag if blob else ""))):
            raise StorageFault(412, "ConditionNotMet")

    def _changed(self, key: Key) -> str:
        self._last += 1
        etag = f'"0x{self._last:X}"'
        self.content[key].etag = etag
        self.on_change(key)
        return etag
