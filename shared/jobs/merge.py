"""The merge phase: the ledger's blocks become the output file in one call (DESIGN D1)."""

import csv
import io
import json
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient

from shared.contracts.job import JobDocument
from shared.contracts.progress import JobFailure
from shared.contracts.settings import OutputAction
from shared.errors import ValidationError
from shared.storage.account import StorageAccount
from shared.storage.containers import JOBS_CONTAINER, columns_name
from shared.storage.ledger import Ledger, commit, is_committed
from shared.storage.locations import container_of

JSON_LINES = "application/x-ndjson"
CONTENT_TYPES = {".csv": "text/csv; charset=utf-8", ".jsonl": JSON_LINES}
_FIRST_ERROR_BYTES = 65_536


def merge(account: StorageAccount, job: JobDocument, ledger: Ledger) -> JobFailure | None:
    """Commit the list of failed items, then the output; returns why the job fails, if it does."""
    output = container_of(account, job.output.folder)
    commit_errors(output, job, ledger)
    if not ledger.succeeded:
        return _nothing_succeeded(output, job, ledger)
    if job.settings.output_action is OutputAction.APPEND_ROW:
        commit(
            output.get_blob_client(job.output.file_path),
            ledger.row_blocks,
            job_id=job.job_id,
            header=_header(account, job),
            content_type=content_type(job.output.file_name),
        )
    return None


def is_merged(account: StorageAccount, job: JobDocument) -> bool:
    """Whether the output is there already, from a merge whose end was not noted."""
    output = container_of(account, job.output.folder)
    return is_committed(output.get_blob_client(job.output.file_path), job.job_id)


def commit_errors(output: ContainerClient, job: JobDocument, ledger: Ledger) -> None:
    """Make `errors.jsonl` appear when items failed."""
    if blocks := ledger.error_blocks:
        commit(output.get_blob_client(job.output.errors_path), blocks, job_id=job.job_id, content_type=JSON_LINES)


def content_type(file_name: str) -> str:
    """The media type of an output file, by its extension."""
    extension = file_name[file_name.rfind(".") :].lower() if "." in file_name else ""
    return CONTENT_TYPES.get(extension, "text/csv; charset=utf-8")


def _header(account: StorageAccount, job: JobDocument) -> bytes:
    if job.output.file_name.lower().endswith(".jsonl"):
        return b""
    blob = account.blobs.get_blob_client(JOBS_CONTAINER, columns_name(job.job_id))
    try:
        columns = json.loads(blob.download_blob().readall())["columns"]
    except ResourceNotFoundError:
        return b""
    if columns is None:
        return b""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(columns)
    return line.getvalue().encode()


def _nothing_succeeded(output: ContainerClient, job: JobDocument, ledger: Ledger) -> JobFailure:
    first = _first_error(output, job)
    where = first.get("file") or f"mini-batch {first.get('mini_batch')}"
    reason = f"; {where}: {first['message']}" if first else ""
    return JobFailure(
        step="run",
        error_type="NoItemSucceeded",
        message=f"none of the {ledger.failed} items succeeded{reason}",
        file=first.get("file") or "",
        traceback=first.get("traceback", ""),
    )


def _first_error(output: ContainerClient, job: JobDocument) -> dict[str, Any]:
    try:
        start = output.download_blob(job.output.errors_path, offset=0, length=_FIRST_ERROR_BYTES).readall()
        return dict(json.loads(start.split(b"\n", 1)[0]))
    except (ResourceNotFoundError, ValidationError, ValueError):
        return {}
