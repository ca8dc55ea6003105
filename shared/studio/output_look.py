"""What the page of a job shows of the job's output, which may be in a container of the user's."""

import json
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from azure.core.exceptions import AzureError

from shared.contracts.job import JobDocument, JobStatus
from shared.errors import ProductError
from shared.storage.account import StorageAccount
from shared.storage.error_codes import error_code
from shared.storage.locations import container_of
from shared.storage.signing import blob_link
from shared.studio.first_lines import FirstRows, first_lines, first_rows

log = logging.getLogger(__name__)

FIRST_FAILURES = 20
_LINK_LIFE = timedelta(hours=1)


@dataclass(frozen=True)
class OutputLook:
    """The beginning of the files that a job wrote."""

    is_there: bool = False
    """Whether the output holds anything."""
    link: str = ""
    """Downloads the output; empty until it is there, and for a container of another account."""
    first: FirstRows = field(default_factory=lambda: FirstRows([], []))
    failures: list[dict[str, Any]] = field(default_factory=list)
    failures_link: str = ""
    """Downloads all of them; empty when there are none."""
    problem: str = ""
    """Why the files cannot be read now, in a sentence: a deleted datastore, a signature that is too old."""


def look_at_output(account: StorageAccount, job: JobDocument) -> OutputLook:
    """The job's output as it is now; what is wrong with it is told, as the rest of the page can do without."""
    try:
        return _look(account, job)
    except ProductError as error:
        return OutputLook(problem=f"The files cannot be read: {error.message}")
    except AzureError as error:
        log.warning("the output of job %s cannot be read", job.name, exc_info=error)
        reason = error_code(error) or type(error).__name__
        return OutputLook(problem=f"The files cannot be read now: their storage account answered {reason}.")


def _look(account: StorageAccount, job: JobDocument) -> OutputLook:
    output = container_of(account, job.output.folder)
    start = first_lines(output, job.output.file_path) if job.status is JobStatus.COMPLETED else None
    errors = first_lines(output, job.output.errors_path)
    return OutputLook(
        is_there=start is not None,
        link="" if start is None else _link(account, job, job.output.file_path),
        first=first_rows(account, job, start or ""),
        failures=_failures(errors or ""),
        failures_link="" if errors is None else _link(account, job, job.output.errors_path),
    )


def _failures(lines: str) -> list[dict[str, Any]]:
    """Not `splitlines`: it also ends lines at characters that JSON leaves as they are."""
    return [json.loads(line) for line in lines.split("\n")[:FIRST_FAILURES] if line]


def _link(account: StorageAccount, job: JobDocument, path: str) -> str:
    """To a blob of the output's container, where that is one of this account."""
    folder = job.output.folder
    return blob_link(account, folder.container, path, _LINK_LIFE) if folder.credential == "account" else ""
