"""Schedules and blob triggers: resources that invoke an endpoint by themselves."""

from typing import Any, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.bodies import ArmModel, LocalOrInstant, TextMap
from shared.contracts.job_spec import Location


class EndpointInvocation(ArmModel):
    """The invocation, in the same form as a message on `job-requests`."""

    endpoint: str = Field(min_length=1)
    deployment: str | None = None
    properties: dict[str, Any]
    """`properties` of the body of an invocation."""


class InvokeAction(ArmModel):
    """The action of an automation. Azure ML's schedules have the same one."""

    action_type: Literal["InvokeBatchEndpoint"]
    endpoint_invocation_definition: EndpointInvocation


class AutomationProperties(ArmModel):
    """ARM `properties` of an automation. The kinds differ in their `trigger`."""

    display_name: str | None = None
    description: str | None = None
    is_enabled: bool = True
    action: InvokeAction
    tags: TextMap = Field(default_factory=dict)
    properties: TextMap = Field(default_factory=dict)

    @property
    def invocation(self) -> EndpointInvocation:
        """The invocation that is made each time."""
        return self.action.endpoint_invocation_definition


SILENT_FOLDERS = ("LocalUpload", "azureml")
"""Folders of every container whose new blobs start no jobs: clients' uploads, and outputs of jobs."""

SILENT_CONTAINERS = ("app-package", "azure-webjobs-", "batch-jobs", "batchendpoints-", "blob-events-", "code-")
"""Containers whose names begin with these are the service's own. Their new blobs start no jobs."""


class BlobCreatedTrigger(ArmModel):
    """The new blobs that count."""

    trigger_type: Literal["BlobCreated"]
    path: str
    """`azureml://datastores/<name>/paths/<folder>` or its ARM id. Blobs anywhere below the folder count."""
    ends_with: str = ""
    """Only blobs whose name ends with this text count."""
    job_input_type: Literal["UriFile", "UriFolder"] = "UriFile"
    """The input of the job: the new blob, or its folder without the blobs whose name ends with `ends_with`."""


class Watched(ArmModel):
    """The account and folder that the service resolved when the trigger was written. They are never shown."""

    account: str
    """Name of the storage account, in lower case."""
    folder: Location
    since: AwareDatetime
    """When the trigger was created, enabled or pointed elsewhere. Blobs written before do not count."""


class BlobTriggerProperties(AutomationProperties):
    """A blob trigger."""

    read_only = frozenset({"provisioningstate", "status"})

    trigger: BlobCreatedTrigger
    watched: Watched | None = None


class BlobTriggerRuns(ArmModel):
    """The history of a trigger."""

    jobs_started: int = 0
    last_job: str | None = None
    last_blob: str | None = None
    """The blob that started `last_job`, with its container."""
    last_time: AwareDatetime | None = None
    problems: int = 0
    """How often a job could not be started."""
    last_problem: str | None = None
    last_problem_blob: str | None = None
    last_problem_time: AwareDatetime | None = None


class CronTrigger(ArmModel):
    """The times when a schedule is due."""

    trigger_type: Literal["Cron"]
    expression: str
    """Five fields, or six with seconds first."""
    time_zone: str = "UTC"
    """A name of the IANA database."""
    start_time: LocalOrInstant | None = None
    """The schedule is not due earlier. In `time_zone` unless it has an offset."""
    end_time: LocalOrInstant | None = None
    """The schedule is not due later."""


class ScheduleProperties(AutomationProperties):
    """A schedule."""

    read_only = frozenset({"provisioningstate", "lastrun", "nextruntime"})

    trigger: CronTrigger
    allow_overlap: bool = False
    """Whether a job starts while the previous one still runs. Azure ML does not have this member."""


class ScheduleRun(ArmModel):
    """The last run of a schedule."""

    due: AwareDatetime | None = None
    """The latest due time that was handled."""
    job: str | None = None
    """The job that was started."""
    problem: str | None = None
    """Why no job could be started. If `due` has not moved, the time is retried."""
