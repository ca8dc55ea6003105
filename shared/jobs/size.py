"""How large a job's document may be."""

from shared.contracts.job import JobDocument
from shared.errors import ValidationError

MAX_CHARACTERS = 300_000
"""A row may hold 1 MiB of UTF-16 (Azure Table storage); the rest is for what becomes of the job."""


def checked_size(job: JobDocument) -> JobDocument:
    """The job; raises ValidationError when there would be no room for it."""
    if (size := len(job.model_dump_json().encode("utf-16-le")) // 2) > MAX_CHARACTERS:
        raise ValidationError(
            f"properties: the job would have {size:,} characters of JSON, and {MAX_CHARACTERS:,} are the most; shorten "
            "its tags, properties, description or environment variables",
            target="properties",
        )
    return job
