"""The merge phase: the ledger's blocks become the output file in one call (docs/decisions/0001)."""

import json
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient

from shared.contracts.job import JobDocument
from shared.contracts.job_spec import OutputFormat, OutputSpec
from shared.contracts.progress import JobFailure
from shared.contracts.settings_table import OutputAction
from shared.errors import ConflictError
from shared.storage.account import StorageAccount
from shared.storage.blobs import JOBS_CONTAINER, container_of, find_blob, is_made_by, read_start, row_groups_name
from shared.storage.ledger import Ledger, commit, commit_again, is_committed
from shared.storage.output_ledger import HAS_HEADER, NO_HEADER, header_block
from shared.storage.row_groups import LOST_COLUMNS, BlockRowGroups, FooterBuilder, lines_of

_FIRST_ERROR_BYTES = 262_144
"""More than the longest line of the list: 24,000 characters of message and traceback, at most 6 bytes each."""


def merge(account: StorageAccount, job: JobDocument, ledger: Ledger) -> JobFailure | None:
    """Commit the list of failed items, then the output. Return why the job fails, or None."""
    output = container_of(account, job.output.folder)
    commit_errors(output, job, ledger)
    if not ledger.failed:
        _remove_errors(output, job)
    if not ledger.succeeded:
        return _nothing_succeeded(output, job, ledger)
    if job.settings.output_action is OutputAction.APPEND_ROW:
        commit_output(account, job.output, job.job_id, ledger)
    return None


def commit_output(account: StorageAccount, output: OutputSpec, job_id: str, ledger: Ledger) -> None:
    """Write the output file."""
    blocks, footer, metadata = ledger.row_blocks, b"", dict[str, str]()
    if output.format is OutputFormat.PARQUET:
        blocks, footer = _parquet_file(account, job_id, ledger)
    elif output.format is OutputFormat.CSV:
        header = _header(ledger)
        blocks, metadata = [*header, *blocks], HAS_HEADER if header else {}
    blob = container_of(account, output.folder).get_blob_client(output.file_path)
    content_type = output.format.media_type
    commit(blob, blocks, job_id=job_id, footer=footer, content_type=content_type, metadata=metadata)


def is_merged(account: StorageAccount, job: JobDocument) -> bool:
    """Return whether an earlier merge, whose end was not stored, has already written the output."""
    output = container_of(account, job.output.folder)
    return is_committed(output.get_blob_client(job.output.file_path), job.job_id)


def commit_errors(output: ContainerClient, job: JobDocument, ledger: Ledger) -> None:
    """Write `errors.jsonl` if items failed. It may be there already, by a merge that got half way."""
    if blocks := ledger.error_blocks:
        errors = output.get_blob_client(job.output.errors_path)
        commit_again(errors, blocks, job_id=job.job_id, content_type=OutputFormat.JSON_LINES.media_type)


def _remove_errors(output: ContainerClient, job: JobDocument) -> None:
    """Delete the job's `errors.jsonl`: a merge that got half way wrote it, and the tasks were scored again since."""
    errors = output.get_blob_client(job.output.errors_path)
    found = find_blob(errors)
    if found and is_made_by(found.metadata or {}, job.job_id):
        errors.delete_blob(etag=found.etag, match_condition=MatchConditions.IfNotModified)


def _parquet_file(account: StorageAccount, job_id: str, ledger: Ledger) -> tuple[list[str], bytes]:
    """Return the blocks of a Parquet file, and its footer.

    The content of the footer is committed first, again if an earlier try of this merge has done that: tasks may have
    been lost and scored again since then. The blocks are the ones that the footer lists.
    """
    builder, blocks = FooterBuilder(), list[str]()
    if ledger.row_blocks:
        places = account.blobs.get_blob_client(JOBS_CONTAINER, row_groups_name(job_id))
        commit_again(places, ledger.row_blocks, job_id=job_id, content_type=OutputFormat.JSON_LINES.media_type)
        for line in lines_of(places.download_blob().chunks()):
            block = BlockRowGroups.from_line(line)
            builder.add(block)
            blocks.append(block.block_id)
    return blocks, builder.footer()


def _header(ledger: Ledger) -> list[str]:
    """Return the block of the header for all rows. The list is empty if the rows have no header."""
    digests = {block.digest for block in ledger.blocks.values() if block.rows}
    if "" in digests:
        raise ConflictError(
            "a node of an older version did not say which header its rows need; renew the nodes and run the job again"
        )
    if len(digests) > 1:
        raise ConflictError(LOST_COLUMNS)
    return [header_block(digest) for digest in digests if digest != NO_HEADER]


def _nothing_succeeded(output: ContainerClient, job: JobDocument, ledger: Ledger) -> JobFailure:
    first = _first_error(output, job)
    where = first.get("file") or f"mini-batch {first.get('mini_batch')}"
    reason = f"; {where}: {first.get('error_type')}: {first.get('message')}" if first else ""
    return JobFailure(
        step="run",
        error_type="NoItemSucceeded",
        message=f"none of the {ledger.failed} items succeeded{reason}",
        file=str(first.get("file") or ""),
        traceback=str(first.get("traceback") or ""),
    )


def _first_error(output: ContainerClient, job: JobDocument) -> dict[str, Any]:
    """Return the first line of the list. It only adds to the reason: empty if the list is missing or was replaced."""
    try:
        start = read_start(output.get_blob_client(job.output.errors_path), _FIRST_ERROR_BYTES)
        first = json.loads(start.split(b"\n", 1)[0])
    except (ResourceNotFoundError, ValueError, RecursionError):
        return {}
    return first if isinstance(first, dict) else {}
