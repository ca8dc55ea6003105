"""What users may change of a job: how it is described, and whether lists show it (azureml_batch_facts 3.6)."""

from shared.contracts.job import JobDocument
from shared.contracts.resources import ArmModel, TextMap
from shared.jobs.resource import OWN_PROPERTIES, OWN_TAGS
from shared.jobs.size import checked_size
from shared.jobs.store import JobStore


class JobChange(ArmModel):
    """`properties` of a PUT; what is absent stays as it is, other members come back unread."""

    display_name: str | None = None
    description: str | None = None
    tags: TextMap | None = None
    properties: TextMap | None = None
    is_archived: bool | None = None


def change_job(jobs: JobStore, name: str, change: JobChange) -> JobDocument:
    """The job as changed; raises NotFoundError or ValidationError."""
    return jobs.change(name, lambda job: checked_size(_changed(job, change)))


def _changed(job: JobDocument, change: JobChange) -> JobDocument:
    given = {
        "display_name": change.display_name,
        "description": change.description,
        "tags": _without(change.tags, OWN_TAGS),
        "properties": _without(change.properties, OWN_PROPERTIES),
        "is_archived": change.is_archived,
    }
    return job.model_copy(update={name: value for name, value in given.items() if value is not None})


def _without(given: dict[str, str] | None, own: frozenset[str]) -> dict[str, str] | None:
    """Clients send back what answers had, also what the service put there itself."""
    return None if given is None else {key: value for key, value in given.items() if key not in own}
