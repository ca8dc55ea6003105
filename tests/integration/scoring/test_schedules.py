"""Schedules start one job at each time that they are due."""

from datetime import timedelta

import pytest
from azure.core.exceptions import ServiceRequestError

from shared.contracts.bodies import ResourceBody
from shared.contracts.job import JobStatus
from shared.control_plane.automation.schedules import delete_schedule, due_time, last_run, next_due_time, put_schedule
from shared.control_plane.endpoints.endpoints import delete_endpoint
from shared.control_plane.resource_table import Change
from shared.errors import DependencyError, NotFoundError, ValidationError
from shared.jobs.automation import schedules
from shared.jobs.automation.schedules import run_due_schedules
from shared.storage.rows import Row
from tests.broken_rows import BROKEN, write_broken

pytestmark = pytest.mark.integration
MINUTE = timedelta(minutes=1)


@pytest.fixture
def put(application, endpoint, folder, unique_name):
    name = unique_name("nightly")
    uri = f"azureml://datastores/workspaceblobstore/paths/{folder}/data"

    def write(*, trigger=None, invocation=None, **properties):
        body = {"inputData": {"data": {"jobInputType": "UriFolder", "uri": uri}}, **(invocation or {})}
        definition = {"endpoint": endpoint, "deployment": "other", "properties": body}
        properties["trigger"] = {"triggerType": "Cron", "expression": "* * * * *", **(trigger or {})}
        properties["action"] = {"actionType": "InvokeBatchEndpoint", "endpointInvocationDefinition": definition}
        return put_schedule(application.workspace, name, ResourceBody(properties=properties), Change()).resource

    return write


@pytest.fixture
def schedule(put):
    return put()


@pytest.fixture
def tick(application, endpoint):
    """Looks at the schedules at a time; returns the names of all jobs that there are then."""

    def look(moment):
        run_due_schedules(application, moment)
        return sorted(job.name for job in application.jobs.page(endpoint=endpoint).jobs)

    return look


def first_due(schedule):
    return next_due_time(schedule, schedule.modified)


def end(application, job):
    application.jobs.enter(job, JobStatus.CANCELED)


def test_each_time_it_is_due_one_job_starts(application, schedule, tick):
    due = first_due(schedule)
    assert tick(due) == []
    name = f"{schedule.name}-{due:%Y%m%dT%H%M%SZ}"
    for seconds in (1, 11, 21):
        assert tick(due + timedelta(seconds=seconds)) == [name]
    job = application.jobs.get(name)
    assert (job.deployment, job.created_by) == ("other", f"schedule {schedule.name}")
    end(application, name)
    assert len(tick(due + MINUTE + timedelta(seconds=1))) == 2


def test_a_crash_before_the_run_is_noted_starts_no_second_job(schedule, tick, monkeypatch):
    moment = first_due(schedule) + timedelta(seconds=1)
    with monkeypatch.context() as patch:
        patch.setattr("shared.jobs.automation.schedules.note_run", _fail)
        assert len(tick(moment)) == 1
    assert len(tick(moment)) == 1


def _fail(*_):
    raise DependencyError("storage is away")


def test_a_job_waits_for_the_one_before_and_of_the_missed_times_the_latest_counts(application, schedule, tick):
    due = first_due(schedule)
    (first,) = tick(due + timedelta(seconds=1))
    assert tick(due + 3 * MINUTE + timedelta(seconds=1)) == [first]
    end(application, first)
    assert len(tick(due + 5 * MINUTE + timedelta(seconds=1))) == 2
    assert last_run(application.workspace, schedule.name).due == due + 5 * MINUTE


def test_jobs_overlap_where_that_is_asked_for(put, tick):
    due = first_due(put(allowOverlap=True))
    tick(due + timedelta(seconds=1))
    assert len(tick(due + MINUTE + timedelta(seconds=1))) == 2


def test_a_stopped_schedule_starts_nothing_and_makes_nothing_up(put, tick):
    stopped = put(isEnabled=False)
    assert first_due(stopped) is None
    assert tick(stopped.modified + 2 * MINUTE) == []
    enabled = put()
    assert tick(enabled.modified) == []


def test_start_and_end_bound_it(put, tick):
    due = first_due(put())
    put(trigger={"startTime": (due + MINUTE).isoformat(), "endTime": (due + MINUTE).isoformat()})
    assert tick(due + timedelta(seconds=1)) == []
    assert len(tick(due + 9 * MINUTE)) == 1


def test_what_cannot_start_is_noted_and_tried_again_the_next_time(application, schedule, endpoint, tick):
    delete_endpoint(application.workspace, endpoint)
    due = first_due(schedule)
    assert tick(due + timedelta(seconds=1)) == []
    run = last_run(application.workspace, schedule.name)
    assert (run.due, run.job) == (due, None)
    assert endpoint in run.problem


@pytest.mark.parametrize("offset", ["+14:00", "Z", "-12:00", ""])
@pytest.mark.parametrize("start", ["0001-01-01T00:00:00", "1969-12-31T23:59:59", "9999-12-31T23:59:59"])
@pytest.mark.parametrize("end", ["0001-01-01T00:00:00", "9999-12-31T23:59:59"])
def test_the_ends_of_the_calendar_bound_a_schedule_like_other_moments(put, start, end, offset):
    found = put(trigger={"startTime": start + offset, "endTime": end + offset, "timeZone": "Asia/Tokyo"})
    now = found.modified + 2 * MINUTE
    is_on = start < "9999" and end > "2026"
    assert (due_time(found, None, now) is not None) is is_on
    assert (next_due_time(found, now) is not None) is is_on


def test_broken_schedules_and_notes_keep_no_other_waiting(application, schedule, tick):
    tables, table = application.account.tables, application.workspace.table
    for name, content in BROKEN.items():
        write_broken(tables, table, "schedules", name.replace(" ", "-"), content)
    (job,) = tick(first_due(schedule) + timedelta(seconds=1))
    assert job.startswith(schedule.name)
    write_broken(tables, table, "scheduleRuns", schedule.name)
    other = put_schedule(
        application.workspace,
        f"z{schedule.name}",
        ResourceBody(properties=schedule.properties.to_arm()),
        Change(),
    ).resource
    started = tick(first_due(other) + timedelta(seconds=1))
    assert any(name.startswith(other.name) for name in started)


def test_a_temporary_problem_of_a_schedule_is_shown_until_it_is_over(application, schedule, tick, monkeypatch):
    due = first_due(schedule)

    def fail(*_given, **_more):
        raise OverflowError("date value out of range")

    with monkeypatch.context() as patch:
        patch.setattr(schedules, "start_job", fail)
        assert tick(due + timedelta(seconds=1)) == []
    run = last_run(application.workspace, schedule.name)
    assert (run.due, run.problem) == (None, "OverflowError: date value out of range")
    assert len(tick(due + timedelta(seconds=2))) == 1
    assert last_run(application.workspace, schedule.name).problem is None


def test_a_storage_that_does_not_answer_keeps_no_other_schedule_waiting(application, schedule, tick, monkeypatch):
    start = schedules.start_job
    broken = schedule.model_copy(update={"names": (f"0-{schedule.name}",)})
    listed = [Row("schedules", one.key, one, "") for one in (broken, schedule)]

    def fail_once(*given, name, **more):
        if name.startswith(broken.name):
            raise ServiceRequestError("no address for the host")
        return start(*given, name=name, **more)

    monkeypatch.setattr(schedules, "start_job", fail_once)
    monkeypatch.setattr(application.workspace.schedules, "list", lambda: iter(listed))
    (job,) = tick(first_due(schedule) + timedelta(seconds=1))
    assert job.startswith(schedule.name)


def test_a_deleted_schedule_leaves_nothing(application, schedule, tick):
    tick(first_due(schedule) + timedelta(seconds=1))
    assert delete_schedule(application.workspace, schedule.name)
    assert last_run(application.workspace, schedule.name) is None
    assert not delete_schedule(application.workspace, schedule.name)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"trigger": {"expression": "sometimes"}}, ValidationError, "properties.trigger.expression"),
        ({"trigger": {"triggerType": "Recurrence"}}, ValidationError, "'Cron'"),
        ({"invocation": {"miniBatchSize": 0}}, ValidationError, "miniBatchSize"),
        ({"invocation": {"name": "mine"}}, ValidationError, "named after it"),
    ],
)
def test_what_could_never_run_is_refused(put, change, error, words):
    with pytest.raises(error, match=words):
        put(**change)


def test_a_schedule_of_an_endpoint_that_is_not_there_is_refused_unless_it_is_stopped(application, put, endpoint):
    delete_endpoint(application.workspace, endpoint)
    with pytest.raises(NotFoundError, match=endpoint):
        put()
    put(isEnabled=False)


@pytest.mark.parametrize(
    ("dataset", "error", "words"),
    [
        ({"dataInputType": "DataUrl", "path": "azureml://datastores/nope/paths/x"}, NotFoundError, "datastore 'nope'"),
        ({"dataInputType": "DatasetVersion", "datasetName": "nope", "datasetVersion": "1"}, NotFoundError, "nope"),
        (None, ValidationError, "names no input"),
    ],
)
def test_an_input_that_cannot_be_is_refused_unless_the_schedule_is_stopped(put, dataset, error, words):
    invocation = {"inputData": {}, "dataset": dataset}
    with pytest.raises(error, match=words):
        put(invocation=invocation)
    assert put(invocation=invocation, isEnabled=False)
