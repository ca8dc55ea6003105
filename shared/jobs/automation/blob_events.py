"""The queue `blob-events`: a new blob starts the jobs of the triggers that watch its folder."""

import hashlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from shared.contracts.automation import SILENT_CONTAINERS, SILENT_FOLDERS, BlobTriggerProperties, BlobTriggerRuns
from shared.contracts.blob_events import BlobCreated, read_event
from shared.contracts.job_spec import Location
from shared.contracts.messages import BLOB_EVENTS
from shared.control_plane.automation.blob_triggers import input_path, trigger_notes, watched_folder
from shared.control_plane.resource_table import Resource
from shared.control_plane.workspace import Workspace
from shared.errors import ConflictError, PreconditionFailedError, Problems, ProductError, ValidationError, isolated
from shared.jobs.poison import is_final, set_aside
from shared.jobs.store import JobService
from shared.jobs.submission.requests import message_object, start_job
from shared.storage.blobs import container_of
from shared.storage.rows import Row

log = logging.getLogger(__name__)


def accept_blob_event(service: JobService, body: bytes, message_id: str) -> None:
    """Start the jobs of an event. Set the message aside if it can never work.

    Errors that the next delivery may not meet are raised. That delivery does not start the same jobs again.
    """
    try:
        event = read_event(message_object(body))
        if event:
            start_jobs(service, event)
    except ProductError as error:
        if not is_final(error):
            raise
        set_aside(service.account.queues, BLOB_EVENTS, message_id, body, error)


def start_jobs(service: JobService, event: BlobCreated) -> None:
    """Start a job of each trigger that watches the blob. A problem with one does not hold up the others.

    The problem of a trigger is raised at the end. If there are several, one that a retry may solve comes first.
    """
    trouble = Problems()
    for trigger in list(service.workspace.blob_triggers.documents()):
        if not watches(trigger.properties, event):
            continue
        here = Problems()
        with isolated(f"trigger {trigger.name} starts no job for {event.subject}", here):
            _start(service, trigger, event)
        with isolated(f"the problem of trigger {trigger.name} is not stored"):
            for problem in here:
                note_problem(service.workspace, trigger.name, event, problem.message)
        trouble += here
    if trouble:
        raise min(trouble, key=is_final)


def watches(properties: BlobTriggerProperties, event: BlobCreated) -> bool:
    """Return whether a trigger starts a job for this blob."""
    watched, blob = properties.watched, event.blob
    if watched is None or not properties.is_enabled or blob.endswith("/"):
        return False
    if blob.split("/")[0] in SILENT_FOLDERS or event.container.startswith(SILENT_CONTAINERS):
        return False
    folder = f"{watched.folder.path}/" if watched.folder.path else ""
    return (
        (event.account, event.container) == (watched.account, watched.folder.container)
        and blob.startswith(folder)
        and blob.endswith(properties.trigger.ends_with)
        # Storage gives times of blobs in whole seconds only.
        and event.time >= watched.since.replace(microsecond=0)
    )


def job_name(trigger: str, event: BlobCreated) -> str:
    """Return the name of the job that a trigger starts for this content of the blob."""
    seed = "\n".join((event.account, event.container, event.blob, event.content))
    return f"{trigger}-{hashlib.sha256(seed.encode()).hexdigest()[:16]}"


def _start(service: JobService, trigger: Resource[BlobTriggerProperties], event: BlobCreated) -> None:
    workspace = service.workspace
    name = job_name(trigger.name, event)
    if (job := service.jobs.find(name)) and job.entered:
        return  # the event was delivered before
    _check_name(event)
    folder = _folder(workspace, trigger)
    if not container_of(workspace.account, folder).get_blob_client(event.blob).exists():
        log.info("trigger %s: %s is gone again", trigger.name, event.subject)
        return
    found = {"input": _input(workspace, trigger, event)}
    invocation, caller = trigger.properties.invocation, f"trigger {trigger.name}"
    start_job(service, invocation, caller=caller, name=name, inputData=found)
    if job is None:
        with isolated(f"the start by trigger {trigger.name} is not stored"):
            note_start(workspace, trigger.name, event, name)


def _check_name(event: BlobCreated) -> None:
    """Raise ValidationError for a damaged name: Event Grid replaces characters of four bytes with U+FFFD."""
    if "\ufffd" in event.blob:
        raise ValidationError(
            f"Event Grid damaged the name of the blob {event.blob!r}: use no emojis in names", target="subject"
        )


def _folder(workspace: Workspace, trigger: Resource[BlobTriggerProperties]) -> Location:
    """Return the folder that the trigger watches. Raise ConflictError if its datastore has moved."""
    watched = trigger.properties.watched
    _, folder = watched_folder(workspace, trigger.properties.trigger)
    if watched is None or folder != watched.folder:
        raise ConflictError(
            f"the datastore of {trigger.properties.trigger.path!r} was changed after the trigger {trigger.name!r}; "
            "update the trigger",
            target=trigger.name,
        )
    return folder


def _input(workspace: Workspace, trigger: Resource[BlobTriggerProperties], event: BlobCreated) -> dict[str, str]:
    """Return the job's input: the new blob, or its folder without the blobs that start jobs."""
    source = trigger.properties.trigger
    if source.job_input_type == "UriFile":
        return {"jobInputType": "UriFile", "uri": input_path(workspace, source, event.blob)}
    folder = event.blob.rpartition("/")[0]
    return {
        "jobInputType": "UriFolder",
        "uri": input_path(workspace, source, folder),
        "excludeSuffix": source.ends_with,
    }


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
    def changed(row: Row[BlobTriggerRuns] | None) -> BlobTriggerRuns:
        runs = row.document if row else BlobTriggerRuns()
        return runs.model_copy(update=change(runs))

    try:
        trigger_notes(workspace).update(trigger, changed)
    except PreconditionFailedError:
        log.warning("trigger %s: its notes could not be stored, because others change them all the time", trigger)


def _shown(event: BlobCreated) -> str:
    return f"{event.container}/{event.blob}"
