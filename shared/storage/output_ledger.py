"""The ledger of a job's output: the staged blocks that are complete.

A task's block counts only when everything is there that the merge needs of it: the header above its rows, the list of
its failed items, its part of a Parquet footer. If storage lost one of these, the task is lost: the watch enqueues it
again, and scoring it again brings back what is missing.

The header of a CSV output is a block of the ledger as well. The block ids of the rows carry the header's digest, which
tells the merge what header the rows need. It misses a lost header instead of leaving it out.
"""

import csv
import hashlib
import io
from collections.abc import Callable, Sequence

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobClient

from shared.contracts.job_spec import OutputFormat, OutputSpec
from shared.storage.account import StorageAccount
from shared.storage.blobs import JOBS_CONTAINER, container_of, row_groups_name, staged_blocks
from shared.storage.ledger import BLOCK_ID_LENGTH, Ledger, TaskBlock


def read_ledger(account: StorageAccount, output: OutputSpec, job_id: str) -> Ledger:
    """Return the ledger of the job as it is now; empty when nothing was staged yet.

    Raises NotFoundError when the datastore of the output is gone.
    """
    container = container_of(account, output.folder)
    staged = staged_blocks(container.get_blob_client(output.file_path))
    blocks = [block for block in map(TaskBlock.from_block_id, staged) if block and block.job == job_id[:8]]
    if any(block.rows for block in blocks):
        is_complete = _completeness(account, output, job_id, staged)
        blocks = [block for block in blocks if not block.rows or is_complete(block)]
    if any(block.failed for block in blocks):
        listed = _known(container.get_blob_client(output.errors_path))
        blocks = [block for block in blocks if not block.failed or block.block_id in listed]
    return Ledger.of(blocks)


def _completeness(
    account: StorageAccount, output: OutputSpec, job_id: str, staged: set[str]
) -> Callable[[TaskBlock], bool]:
    """Return a test whether storage has what the merge needs in addition to a block's rows."""
    if output.format is OutputFormat.CSV:
        return lambda block: block.digest in {"", NO_HEADER} or header_block(block.digest) in staged
    if output.format is OutputFormat.PARQUET:
        places = _known(account.blobs.get_blob_client(JOBS_CONTAINER, row_groups_name(job_id)))
        return lambda block: block.block_id in places
    return lambda _: True


def _known(blob: BlobClient) -> set[str]:
    """Return the ids of all blocks. An earlier try of the merge may have committed some."""
    try:
        committed, uncommitted = blob.get_block_list("all")
    except ResourceNotFoundError:
        return set()
    return {str(block.id) for block in (*committed, *uncommitted)}


def header_line(columns: Sequence[str] | None) -> bytes:
    """Return the header line of a CSV file with these columns. It is empty if the columns have no names."""
    if columns is None:
        return b""
    line = io.StringIO(newline="")
    is_plain = all(name == name.strip(" \t\ufeff") for name in columns)  # readers strip or skip some other characters
    # Only with this line end a lone `\r` is quoted in every version of Python.
    csv.writer(line, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL if is_plain else csv.QUOTE_ALL).writerow(columns)
    return line.getvalue()[:-2].encode("utf-8", "backslashreplace") + b"\n"


def header_digest(line: bytes) -> str:
    """Return a short digest that identifies a header line."""
    return hashlib.sha256(line).hexdigest()[:8]


HAS_HEADER = {"batchheader": "true"}
"""Metadata of an output whose first line is a header."""

NO_HEADER = header_digest(b"")
"""The digest that rows without named columns carry."""


def header_block(digest: str) -> str:
    """Return the id of the header's block."""
    return f"header{digest}".ljust(BLOCK_ID_LENGTH, "-")
