"""Start the jobs that are due by schedule. A due time starts exactly one job: the job's name contains the time."""

import logging
from datetime import datetime

from shared.contracts.automation import ScheduleProperties, ScheduleRun
from shared.control_plane.automation.schedules import due_time, last_run, note_run
from shared.control_plane.resource_table import Resource
from shared.control_plane.workspace import Workspace
from shared.errors import Problems, ProductError, isolated
from shared.jobs.poison import is_final
from shared.jobs.store import JobService, JobStore
from shared.jobs.submission.requests import start_job

log = logging.getLogger(__name__)


def run_due_schedules(service: JobService, now: datetime) -> None:
    """Look at all schedules once. A problem with one does not hold up the others."""
    for schedule in list(service.workspace.schedules.documents()):
        problems = Problems()
        with isolated(f"schedule {schedule.name}", problems):
            _run_if_due(service, schedule, now)
        with isolated(f"the problem of schedule {schedule.name} is not stored"):
            for problem in problems:
                _note_problem(service.workspace, schedule.name, problem.message)


def job_name(schedule: str, due: datetime) -> str:
    """Return the name of the job that a schedule starts at this time."""
    return f"{schedule}-{due:%Y%m%dT%H%M%SZ}"


def _run_if_due(service: JobService, schedule: Resource[ScheduleProperties], now: datetime) -> None:
    """Start the job of a schedule if it is due.

    A time that passes while the previous job still runs is due when that job ends. Of several such times, only the
    latest counts.
    """
    before = last_run(service.workspace, schedule.name)
    due = due_time(schedule, before.due if before else None, now)
    if due is None or _is_busy(service.jobs, schedule, before):
        return
    try:
        run = ScheduleRun(due=due, job=_start(service, schedule, due))
    except ProductError as error:
        if not is_final(error):
            raise
        log.error("schedule %s could not start a job: %s", schedule.name, error.message)  # noqa: TRY400 - the schedule is wrong; our stack trace would not help
        run = ScheduleRun(due=due, problem=error.message)
    # Store the run last: after a crash, the same name finds the job that was started.
    note_run(service.workspace, schedule.name, run)


def _note_problem(workspace: Workspace, name: str, problem: str) -> None:
    """Store why a due time has no job yet."""
    run = last_run(workspace, name) or ScheduleRun()
    if run.problem != problem:
        note_run(workspace, name, run.model_copy(update={"problem": problem}))


def _is_busy(jobs: JobStore, schedule: Resource[ScheduleProperties], before: ScheduleRun | None) -> bool:
    if schedule.properties.allow_overlap or before is None or before.job is None:
        return False
    job = jobs.find(before.job)
    return job is not None and not job.status.is_terminal


def _start(service: JobService, schedule: Resource[ScheduleProperties], due: datetime) -> str:
    name, caller = job_name(schedule.name, due), f"schedule {schedule.name}"
    return start_job(service, schedule.properties.invocation, caller=caller, name=name).name
