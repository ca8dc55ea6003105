"""What schedules and blob triggers have in common: resources that invoke an endpoint by themselves."""

from typing import Any, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.bodies import ArmModel, LocalOrInstant, TextMap
from shared.contracts.job_spec import Location


class EndpointInvocation(ArmModel):
    """What is invoked: the same as a message on `job-requests`."""

    endpoint: str = Field(min_length=1)
    deployment: str | None = None
    properties: dict[str, Any]
    """`properties` of the body of an invocation."""


class InvokeAction(ArmModel):
    """What is done each time (Azure ML's schedules have the same action)."""

    action_type: Literal["InvokeBatchEndpoint"]
    endpoint_invocation_definition: EndpointInvocation


class AutomationProperties(ArmModel):
    """ARM `properties` of each; the kinds differ in their `trigger`."""

    display_name: str | None = None
    description: str | None = None
    is_enabled: bool = True
    action: InvokeAction
    tags: TextMap = Field(default_factory=dict)
    properties: TextMap = Field(default_factory=dict)

    @property
    def invocation(self) -> EndpointInvocation:
        """What is invoked each time."""
        return self.action.endpoint_invocation_definition


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


class BlobTriggerProperties(AutomationProperties):
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


class CronTrigger(ArmModel):
    """When a schedule is due."""

    trigger_type: Literal["Cron"]
    expression: str
    """Five fields, or six with seconds first."""
    time_zone: str = "UTC"
    """A name of the IANA database."""
    start_time: LocalOrInstant | None = None
    """In `time_zone` unless it has an offset; not due earlier."""
    end_time: LocalOrInstant | None = None
    """Not due later."""


class ScheduleProperties(AutomationProperties):
    """A schedule."""

    read_only = frozenset({"provisioningstate", "lastrun", "nextruntime"})

    trigger: CronTrigger
    allow_overlap: bool = False
    """Whether a job starts while the one before still runs. Azure ML has no such member."""


class ScheduleRun(ArmModel):
    """What a schedule did last."""

    due: AwareDatetime | None = None
    """The latest time that it was due and that is dealt with."""
    job: str | None = None
    """The job that was started."""
    problem: str | None = None
    """Why none could be; without a new `due`, the time is tried again."""
