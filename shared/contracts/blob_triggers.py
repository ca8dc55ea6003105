"""Blob triggers: ARM `properties` of the resource that invokes an endpoint when new blobs arrive."""

from typing import Literal

from pydantic import AwareDatetime

from shared.contracts.job_starters import JobStarterProperties
from shared.contracts.locations import Location
from shared.contracts.resources import ArmModel

SILENT_FOLDERS = ("LocalUpload", "azureml")
"""Of every container: uploads of clients for one invocation, and outputs of jobs (so no job can start its like)."""

SILENT_CONTAINERS = ("app-package", "azure-webjobs-", "batch-jobs", "batchendpoints-", "blob-events-", "code-")
"""Beginnings of the names of containers that are the service's own."""


class BlobCreatedTrigger(ArmModel):
    """Which new blobs count."""

    trigger_type: Literal["BlobCreated"]
    path: str
    """`azureml://datastores/<name>/paths/<folder>`, or the ARM id of that; blobs anywhere below the folder count."""
    ends_with: str = ""
    """Only blobs whose names end so."""
    job_input_type: Literal["UriFile", "UriFolder"] = "UriFile"
    """What a job gets: the new blob, or the folder that holds it, without all that ends with `ends_with`."""


class Watched(ArmModel):
    """What the service made of the trigger when it was written; never shown."""

    account: str
    """Name of the storage account, in lower case."""
    folder: Location
    since: AwareDatetime
    """Blobs that were there before do not count: when the trigger was made, enabled or pointed elsewhere."""


class BlobTriggerProperties(JobStarterProperties):
    """A blob trigger."""

    read_only = frozenset({"provisioningstate", "status"})

    trigger: BlobCreatedTrigger
    watched: Watched | None = None


class BlobTriggerRuns(ArmModel):
    """What a trigger did so far."""

    jobs_started: int = 0
    last_job: str | None = None
    last_blob: str | None = None
    """The one that `last_job` was started for, with its container."""
    last_time: AwareDatetime | None = None
    problems: int = 0
    """How often a job could not be started."""
    last_problem: str | None = None
    last_problem_blob: str | None = None
    last_problem_time: AwareDatetime | None = None
