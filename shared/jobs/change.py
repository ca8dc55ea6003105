"""The changes that users may make to a job: its description, and whether lists show it."""

from shared.contracts.bodies import ArmModel, TextMap
from shared.contracts.job import JobDocument, JobStatus
from shared.contracts.messages import JOB_NUDGES, JobNudge
from shared.jobs.store import JobStore, checked_size
from shared.storage.account import StorageAccount
from shared.storage.queues import send

BATCH_RUN_TAG = "azureml.batchrun"
"""Makes the official client download the output of the child run."""

OWN_TAGS = frozenset({BATCH_RUN_TAG})
OWN_PROPERTIES = frozenset({"azureml.endpointname", "azureml.deploymentname", "azureml.childrunid"})
"""Tags and properties that answers add to those of the user."""


class JobChange(ArmModel):
    """`properties` of a PUT. Absent members stay as they are. Members with other names are ignored."""

    display_name: str | None = None
    description: str | None = None
    tags: TextMap | None = None
    properties: TextMap | None = None
    is_archived: bool | None = None


def change_job(jobs: JobStore, name: str, change: JobChange) -> JobDocument:
    """Change the job and return it. Raise NotFoundError or ValidationError."""
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
    """Drop the entries that the service added itself: clients send back what they got."""
    return None if given is None else {key: value for key, value in given.items() if key not in own}


def request_cancel(account: StorageAccount, jobs: JobStore, name: str) -> JobDocument:
    """Request the cancellation of a job. A job that has ended stays as it is. Raise NotFoundError."""
    job = jobs.enter(name, JobStatus.CANCEL_REQUESTED)
    if job.status is JobStatus.CANCEL_REQUESTED:
        send(account.queues, JOB_NUDGES, JobNudge(job=name))
    return job
