"""The messages that travel through Azure Storage queues, and what their delivery promises.

| queue            | message      | acknowledged (deleted) when                  | idempotent because             |
|------------------|--------------|----------------------------------------------|--------------------------------|
| `job-requests`   | JobRequest   | the orchestration is started                 | instance id is the job's name  |
| `job-nudges`     | JobNudge     | the event is raised                          | `watch` only looks once more    |
| `purge-requests` | PurgeRequest | nothing of the job is left                   | what is gone stays gone        |
| `compute-<name>` | NodeTicket   | the job's task queue is gone                 | a ticket number has one holder  |
| `job-<job id>`   | TaskMessage  | its rows are staged as a block of the ledger | one block of each task is taken |

All queues deliver at least once and in no promised order.
"""

from pydantic import BaseModel, ConfigDict, Field

JOB_REQUESTS = "job-requests"
JOB_NUDGES = "job-nudges"
PURGE_REQUESTS = "purge-requests"


class Message(BaseModel):
    """A queue message: JSON text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_text(self) -> str:
        """The text that is put on the queue."""
        return self.model_dump_json()


class JobRequest(Message):
    """Start the job of this name; its row is already written."""

    job: str


class JobNudge(Message):
    """Something changed for the job of this name: look at it now instead of at the next tick."""

    job: str


class PurgeRequest(Message):
    """Remove what is left of the job of this name, which has ended."""

    job: str
    include_outputs: bool = False


class NodeTicket(Message):
    """One node is asked for. Whoever leases it works on the job until the job's task queue is gone."""

    job_id: str
    number: int = Field(ge=0)
    """0 to `instance_count - 1`; two live nodes never work under the same number of a job."""


class TaskMessage(Message):
    """A contiguous range of mini-batches; the unit of delivery (DESIGN section 1)."""

    task: int = Field(ge=0)
    first_mini_batch: int = Field(ge=0)
    mini_batches: int = Field(ge=1)
    generation: int = Field(default=0, ge=0, le=9)
    """How often the watch has enqueued this task again because the ledger lacked it."""
