"""The messages on Azure Storage queues, and the promises of their delivery.

| queue            | message      | acknowledged (deleted) when                  | idempotent because             |
|------------------|--------------|----------------------------------------------|--------------------------------|
| `job-requests`   | JobRequest   | the orchestration is started                 | instance id is the job's name  |
| `job-requests`   | InvokeMessage| the job exists and its JobRequest is sent    | the job's name is made from it |
| `<name>-poison`  | PoisonMessage| never: a person looks at it                  | it is only kept                |
| `blob-events`    | an event of Event Grid | the jobs that it starts exist      | their names are made from it   |
| `job-nudges`     | JobNudge     | the event is raised                          | `watch` only looks once more    |
| `job-notifications`| NotificationMessage | the receiver has it, or a later try is sent | the event has one id   |
| `purge-requests` | PurgeRequest | nothing of the job is left                   | what is gone stays gone        |
| `compute-<name>` | NodeTicket   | the job's task queue is gone                 | a ticket number has one holder  |
| `job-<job id>`   | TaskMessage  | its rows are staged as a block of the ledger | one block of each task is taken |

All queues deliver at least once and in no promised order.
"""

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

JOB_REQUESTS = "job-requests"
JOB_NUDGES = "job-nudges"
JOB_NOTIFICATIONS = "job-notifications"
PURGE_REQUESTS = "purge-requests"
BLOB_EVENTS = "blob-events"

POISON = "-poison"
"""Suffix of the queue for messages that can never work (the Functions host's name for it)."""


class Message(BaseModel):
    """A queue message: JSON text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_text(self) -> str:
        """Return the text that is put on the queue."""
        return self.model_dump_json()


class JobRequest(Message):
    """Start the job of this name. Its row is already written."""

    job: str


class InvokeMessage(Message):
    """Start a job at an endpoint, as a POST to its scoring URI does. Other systems send this message."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    endpoint: str = Field(min_length=1)
    deployment: str | None = None
    """The endpoint's default when absent."""
    request_id: str = ""
    """Messages with the same id start the same job. Empty: the id of the queue message."""
    properties: dict[str, Any]
    """`properties` of the body of an invocation."""
    traceparent: str = ""
    """The sender's trace (W3C Trace Context). The job's work becomes part of it."""
    tracestate: str = ""

    @property
    def trace(self) -> dict[str, str]:
        """The sender's trace, as W3C headers."""
        return {"traceparent": self.traceparent, "tracestate": self.tracestate}


class PoisonMessage(Message):
    """A message that can never work, and why."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    queue: str
    message_id: str
    time: AwareDatetime
    error: dict[str, Any]
    """Code, message and target, as in an answer of the API."""
    message: Any
    """The message as it was sent: parsed JSON, or text if it is not JSON."""
    truncated: bool = False
    """Whether `message` is only the beginning of a longer text."""

    def to_text(self) -> str:
        """Its JSON with the members in camelCase."""
        return self.model_dump_json(by_alias=True)


class JobNudge(Message):
    """Something changed for the job of this name: look at it now instead of at the next tick."""

    job: str


class NotificationMessage(Message):
    """Tell a webhook that its job has ended. It is sent before the last state is written, so that none is lost."""

    job: str
    webhook: str
    attempt: int = Field(default=1, ge=1)
    """The number of this try to reach the receiver."""
    waits: int = Field(default=0, ge=0)
    """How often the message was received before the job's last state was written."""


class PurgeRequest(Message):
    """Remove what is left of the job of this name. The job has ended."""

    job: str
    include_outputs: bool = False


class NodeTicket(Message):
    """A request for one node. The node that leases it works on the job until the job's task queue is deleted."""

    job_id: str
    number: int = Field(ge=0)
    """0 to `instance_count - 1`. Two live nodes never work under the same number of a job."""


class TaskMessage(Message):
    """A contiguous range of mini-batches; the unit of delivery."""

    task: int = Field(ge=0)
    first_mini_batch: int = Field(ge=0)
    mini_batches: int = Field(ge=1)
    generation: int = Field(default=0, ge=0, le=9)
    """How often the watch has enqueued this task again because the ledger lacked it."""
    starts: int = Field(default=0, ge=0)
    """How often a scoring process has begun this task without reporting a result, not counting the first delivery."""
