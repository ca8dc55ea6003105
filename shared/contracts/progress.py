"""The reports of nodes about themselves: rows of two tables, each written at most once a second."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

LONGEST_MESSAGE = 4_000
LONGEST_TRACEBACK = 20_000
_LEFT_OUT = " … "


def cut(text: str, longest: int) -> str:
    """Shorten a text of the user's code to its beginning and end, and escape lone surrogates."""
    if len(text) > longest:
        part = (longest - len(_LEFT_OUT)) // 2
        text = text[:part] + _LEFT_OUT + text[-part:]
    return text.encode("utf-8", "backslashreplace").decode()


_Message = Annotated[str, BeforeValidator(lambda text: cut(text, LONGEST_MESSAGE))]
_Traceback = Annotated[str, BeforeValidator(lambda text: cut(text, LONGEST_TRACEBACK))]


class NodeState(StrEnum):
    """The current activity of a node (Azure ML's node states, as far as they fit)."""

    IDLE = "idle"
    PREPARING = "preparing"
    """It has a ticket, and prepares model, code and environment."""
    RUNNING = "running"
    LEAVING = "leaving"
    """It will be deleted, and takes no further ticket."""


class NodeRow(BaseModel):
    """A node of a compute. Table `nodes`, partition = compute, row = node id (= scale set instance id)."""

    model_config = ConfigDict(frozen=True)

    compute: str
    node_id: str
    state: NodeState
    since: AwareDatetime
    """When the node entered this state."""
    heartbeat: AwareDatetime
    job_id: str = ""
    ticket: int = -1
    shuts_down: bool = False
    """Whether its script's `shutdown()` has still to end. The job ends after it."""

    def is_live(self, now: datetime, tolerance_seconds: float) -> bool:
        """Return whether the node has given a sign of life recently enough."""
        return (now - self.heartbeat).total_seconds() <= tolerance_seconds


class JobFailure(BaseModel):
    """Why a job, a node's preparation or an item failed: the reason in one sentence and where it happened.

    Texts are cut to what a row has room for: a failure that could not be written would leave its job waiting for ever.
    """

    model_config = ConfigDict(frozen=True)

    step: str
    """`plan`, `allocate`, `environment`, `model`, `init`, `run`, `merge`, …"""
    message: _Message
    error_type: _Message = ""
    file: _Message = ""
    traceback: _Traceback = ""


class ProgressRow(BaseModel):
    """One scoring process of a job. Table `progress`, partition = job id, row = `<node id>:<process number>`.

    `done` and `failed` count items of the task in hand only: finished tasks are counted by the ledger, so that
    a redelivered task is never counted twice.
    """

    model_config = ConfigDict(frozen=True)

    job_id: str
    process: str
    updated: AwareDatetime
    current_task: int = -1
    """-1 between tasks."""
    done: int = 0
    """Items of the current task that succeeded so far."""
    failed: int = 0
    """Items of the current task that failed so far."""
    current_file: str = ""
    tasks_finished: int = 0
    busy_seconds: float = 0.0
    """Seconds spent in `run()` since the process started."""
    fatal: JobFailure | None = Field(default=None)
    """Set if this process cannot work at all (environment, model, `init()`). It fails the job."""
