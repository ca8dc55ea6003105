"""What a blob trigger did, noted for whoever asks; several events may be dealt with at the same time."""

import logging
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

from shared.contracts.blob_events import BlobCreated
from shared.contracts.blob_triggers import BlobTriggerRuns
from shared.control_plane.blob_triggers import trigger_notes
from shared.control_plane.workspace import Workspace
from shared.errors import ConflictError, PreconditionFailedError

log = logging.getLogger(__name__)

_TRIES = 20
_LONGEST_PAUSE_SECONDS = 0.2


def note_start(workspace: Workspace, trigger: str, event: BlobCreated, job: str) -> None:
    """Count a job that was started."""
    _note(
        workspace,
        trigger,
        lambda runs: {
            "jobs_started": runs.jobs_started + 1,
            "last_job": job,
            "last_blob": _shown(event),
            "last_time": datetime.now(UTC),
        },
    )


def note_problem(workspace: Workspace, trigger: str, event: BlobCreated, problem: str) -> None:
    """Count a job that could not be started."""
    _note(
        workspace,
        trigger,
        lambda runs: {
            "problems": runs.problems + 1,
            "last_problem": problem,
            "last_problem_blob": _shown(event),
            "last_problem_time": datetime.now(UTC),
        },
    )


def _note(workspace: Workspace, trigger: str, change: Callable[[BlobTriggerRuns], dict[str, object]]) -> None:
    """Write over what is there, again if another writer came first."""
    notes = trigger_notes(workspace)
    for _ in range(_TRIES):
        row = notes.find(trigger)
        runs = row.document if row else BlobTriggerRuns()
        try:
            notes.write(trigger, row, runs.model_copy(update=change(runs)))
        except (ConflictError, PreconditionFailedError):
            time.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS))  # noqa: S311 - writers step out of each other's way
            continue
        return
    log.warning("trigger %s: what it did could not be noted, as others note all the time", trigger)


def _shown(event: BlobCreated) -> str:
    return f"{event.container}/{event.blob}"
