"""The ledger of a job: the uncommitted blocks of its output blob (docs/decisions/0001).

A scoring node stages the rows of a task as one block whose id carries the tally. Staging again cannot double
rows, as the merge takes one block of each task; the merge is one `commit_block_list`.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError
from azure.storage.blob import BlobBlock, BlobClient, BlockState, ContentSettings

from shared.errors import OutputExistsError, PreconditionFailedError
from shared.storage.account import error_code
from shared.storage.blobs import find_blob, is_made_by, mark_of

MAX_TASKS = 49_999
"""Source: Azure allows 50,000 committed blocks in a blob, and the header or footer is one of them."""

_BLOCK_IS_GONE = "InvalidBlockList"
"""Storage's code for a list that names a block which is not there."""

EMPTY_BLOCK = b"\n"
"""Staged for a task without rows, as Azure refuses an empty block; the merge leaves it out."""

BLOCK_ID_LENGTH = 64
"""One length for every block of a blob, as Azure demands; at most 64 characters."""

_ID = re.compile(r"j([0-9a-f]{8})t(\d{6})a(\d{5})r(\d{12})s(\d{9})f(\d{9})(?:d([0-9a-f]{8}))?")


@dataclass(frozen=True)
class TaskBlock:
    """The tally of a task, as its block id carries it."""

    job: str
    """First 8 characters of the job id: blocks that an earlier job left on the same blob do not count."""
    task: int
    attempt: int
    """Which delivery of the task made the block; a later delivery has a higher number."""
    rows: int
    succeeded: int
    """Items that succeeded."""
    failed: int
    """Items that failed."""
    digest: str = ""
    """8 hexadecimal digits. CSV: of the header that the rows stand under. Parquet: of the content, as another blob
    tells of it: that is then of this very block, also when two deliveries that look alike have made different ones."""

    @property
    def block_id(self) -> str:
        """The id before it is encoded for a request."""
        tally = f"r{self.rows:012}s{self.succeeded:09}f{self.failed:09}"
        digest = f"d{self.digest}" if self.digest else ""
        return f"j{self.job}t{self.task:06}a{self.attempt:05}{tally}{digest}".ljust(BLOCK_ID_LENGTH, "-")

    @classmethod
    def from_block_id(cls, block_id: str) -> "TaskBlock | None":
        """Return the tally in `block_id`, or None if the block is not of a task (a header)."""
        match = _ID.match(block_id)
        if match is None:
            return None
        task, attempt, rows, succeeded, failed = map(int, match.groups()[1:6])
        return cls(match[1], task, attempt, rows, succeeded, failed, match[7] or "")


def encoded_block_id(block_id: str) -> str:
    """Return the id as it travels in a Put Block request's query."""
    return base64.b64encode(block_id.encode()).decode()


@dataclass(frozen=True)
class Ledger:
    """The blocks that count. For each finished task it is the one with the fewest failures, then the latest."""

    blocks: Mapping[int, TaskBlock]

    @classmethod
    def of(cls, blocks: Iterable[TaskBlock]) -> "Ledger":
        """Choose one block of each task."""
        chosen: dict[int, TaskBlock] = {}
        for block in blocks:
            rival = chosen.get(block.task)
            if rival is None or (block.failed, -block.attempt) < (rival.failed, -rival.attempt):
                chosen[block.task] = block
        return cls(dict(sorted(chosen.items())))

    @property
    def finished(self) -> int:
        """Tasks with a block."""
        return len(self.blocks)

    @property
    def rows(self) -> int:
        """Rows of all finished tasks."""
        return sum(block.rows for block in self.blocks.values())

    @property
    def succeeded(self) -> int:
        """Items that succeeded in finished tasks."""
        return sum(block.succeeded for block in self.blocks.values())

    @property
    def failed(self) -> int:
        """Items that failed in finished tasks."""
        return sum(block.failed for block in self.blocks.values())

    @property
    def row_blocks(self) -> list[str]:
        """Ids of the blocks that hold rows, in the order of the input."""
        return [block.block_id for block in self.blocks.values() if block.rows]

    @property
    def error_blocks(self) -> list[str]:
        """Ids, on the errors blob, of the blocks of tasks with failed items."""
        return [block.block_id for block in self.blocks.values() if block.failed]

    def missing(self, tasks: int) -> list[int]:
        """Return the tasks of `0 … tasks - 1` without a block."""
        return [task for task in range(tasks) if task not in self.blocks]


def commit(
    blob: BlobClient,
    block_ids: Iterable[str],
    *,
    job_id: str,
    footer: bytes = b"",
    content_type: str,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Make a blob appear: the named blocks in this order, then the footer, in one call.

    Committing again what the same job has committed before changes nothing. Raises OutputExistsError when the
    blob is somebody else's, and PreconditionFailedError when a block is there no more: read the ledger again.
    """
    blocks = [BlobBlock(block_id, BlockState.UNCOMMITTED) for block_id in block_ids]
    if footer:
        blob.stage_block(_footer_block(footer), footer)
        blocks.append(BlobBlock(_footer_block(footer), BlockState.UNCOMMITTED))
    try:
        blob.commit_block_list(
            blocks,
            content_settings=ContentSettings(content_type=content_type),
            metadata=mark_of(job_id) | dict(metadata or {}),
            match_condition=MatchConditions.IfMissing,
        )
    except (ResourceExistsError, ResourceModifiedError) as error:
        if not is_committed(blob, job_id):
            raise _taken(blob) from error
    except HttpResponseError as error:
        raise _explained(blob, error) from error


def commit_again(blob: BlobClient, block_ids: Iterable[str], *, job_id: str, content_type: str) -> None:
    """Make a blob consist of the named blocks, in this order, also if an earlier try of the job committed others.

    A try may end before the output is written. Tasks that storage loses then are scored again, and their blocks differ.
    Raises OutputExistsError when the blob is somebody else's, and PreconditionFailedError when a block is there no
    more, or another try has just written the blob: read the ledger again.
    """
    found = find_blob(blob)
    if found and not is_made_by(found.metadata or {}, job_id):
        raise _taken(blob)
    unchanged: dict[str, Any] = {"match_condition": MatchConditions.IfMissing}
    if found:
        unchanged = {"etag": found.etag, "match_condition": MatchConditions.IfNotModified}
    try:
        blob.commit_block_list(
            [BlobBlock(block_id, BlockState.LATEST) for block_id in block_ids],
            content_settings=ContentSettings(content_type=content_type),
            metadata=mark_of(job_id),
            **unchanged,
        )
    except (ResourceExistsError, ResourceModifiedError) as error:
        raise PreconditionFailedError(f"{blob.container_name}/{blob.blob_name} was just written") from error
    except HttpResponseError as error:
        raise _explained(blob, error) from error


def _footer_block(footer: bytes) -> str:
    """Return the id of the footer's block. Two merges at the same time never commit each other's footer."""
    return f"footer{hashlib.sha256(footer).hexdigest()[:8]}".ljust(BLOCK_ID_LENGTH, "-")


def _taken(blob: BlobClient) -> OutputExistsError:
    return OutputExistsError(f"the output {blob.container_name}/{blob.blob_name} exists already")


def _explained(blob: BlobClient, error: HttpResponseError) -> Exception:
    """Return PreconditionFailedError if a block is gone, or else the error itself."""
    if error_code(error) != _BLOCK_IS_GONE:
        return error
    return PreconditionFailedError(
        f"blocks of {blob.container_name}/{blob.blob_name} are gone since the ledger was read"
    )


def is_committed(blob: BlobClient, job_id: str) -> bool:
    """Return whether the blob was committed by this job."""
    found = find_blob(blob)
    return found is not None and is_made_by(found.metadata or {}, job_id)
