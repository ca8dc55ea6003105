from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.job import JobStatus
from shared.contracts.job_spec import WorkSize
from shared.contracts.names import task_queue
from shared.contracts.progress import ProgressRow
from shared.errors import OutputExistsError
from shared.jobs.phases.observe import progress_table
from shared.jobs.store import JobStore
from shared.jobs.submission.output_place import Reservations
from shared.jobs.submission.requests import start_orchestration
from shared.jobs.upkeep.reconcile import MAX_RESUMES, reconcile
from shared.storage.queues import ensure_queue, message_count
from tests.broken_rows import write_broken

pytestmark = pytest.mark.integration
LONG_AGO = datetime.now(UTC) - timedelta(hours=1)


class Engine:
    """Notes what it is asked to start."""

    def __init__(self, *alive):
        self.alive = set(alive)
        self.started = {}

    async def is_alive(self, job):
        return job in self.alive

    async def start(self, job, start_input):
        self.started[job] = start_input

    async def nudge(self, job):
        raise AssertionError("nobody is nudged")


@pytest.fixture
def jobs(account):
    return JobStore(account.tables)


@pytest.fixture
def lost(jobs, make_job):
    """A job that was invoked long ago and is not finished."""

    def add(**changes):
        return jobs.add(make_job(created=LONG_AGO, **changes))

    return add


async def test_a_job_that_was_never_planned_starts_with_its_plan(account, jobs, lost):
    job, engine = lost(), Engine()
    await reconcile(account, jobs, engine)
    assert engine.started[job.name] == {"job": job.name}


async def test_a_running_job_continues_with_the_watch(account, jobs, lost):
    work = WorkSize(files=1, mini_batch_size=1, mini_batches_per_task=1)
    job, engine = lost(status=JobStatus.RUNNING, work=work), Engine()
    await reconcile(account, jobs, engine)
    assert engine.started[job.name]["phase"] == "watch"


async def test_a_job_with_a_living_orchestration_is_left_alone(account, jobs, lost):
    job = lost()
    engine = Engine(job.name)
    await reconcile(account, jobs, engine)
    assert job.name not in engine.started


async def test_a_job_that_ends_while_it_is_looked_at_is_not_begun_again(account, jobs, lost):
    job = lost(status=JobStatus.FINALIZING)

    class Ending(Engine):
        async def is_alive(self, name):
            if name == job.name:
                jobs.enter(name, JobStatus.COMPLETED)
            return False

    engine = Ending()
    await reconcile(account, jobs, engine)
    assert job.name not in engine.started
    assert jobs.get(job.name).resumes == 0


async def test_a_job_that_is_purged_while_it_is_looked_at_is_no_trouble(account, jobs, lost, caplog):
    job = lost()

    class Purging(Engine):
        async def is_alive(self, name):
            if name == job.name:
                jobs.remove(job)
            return False

    await reconcile(account, jobs, Purging())
    assert [captured for captured in caplog.messages if captured.startswith(f"job {job.name}")] == []


async def test_a_job_that_was_just_invoked_is_left_to_its_message(account, jobs, make_job):
    job, engine = jobs.add(make_job()), Engine()
    await reconcile(account, jobs, engine)
    assert job.name not in engine.started


async def test_a_job_whose_orchestration_always_ends_is_failed_in_the_end(account, jobs, lost):
    job, engine = lost(resumes=MAX_RESUMES), Engine()
    await reconcile(account, jobs, engine)
    ended = jobs.get(job.name)
    assert (ended.status, ended.failure.step) == (JobStatus.FAILED, "orchestration")
    assert job.name not in engine.started


async def test_queues_of_no_unfinished_job_are_removed_with_their_progress_rows_and_others_stay(
    account, jobs, lost, make_job
):
    job, progress = lost(), progress_table(account)
    orphan = make_job()
    for name in (task_queue(job.job_id), task_queue(orphan.job_id), "job-requests", "job-nudges"):
        ensure_queue(account.queues, name)
    for job_id in (job.job_id, orphan.job_id):
        row = ProgressRow(job_id=job_id, process="node:0", updated=datetime.now(UTC))
        progress.put(job_id, "node:0", row)
    await reconcile(account, jobs, Engine(job.name))
    assert message_count(account.queues, task_queue(orphan.job_id)) is None
    assert not list(progress.partition(orphan.job_id))
    assert list(progress.partition(job.job_id))
    for name in (task_queue(job.job_id), "job-requests", "job-nudges"):
        assert message_count(account.queues, name) is not None


async def test_an_output_reserved_for_a_job_that_was_never_written_is_free_again(account, jobs, make_job):
    never_written, later = make_job(), make_job()
    reservations = Reservations(account, jobs)
    reservations.reserve(never_written.output, never_written.name, LONG_AGO)
    await reconcile(account, jobs, Engine())
    reservations.reserve(never_written.output, later.name, later.created)


async def test_an_output_that_is_reserved_again_under_an_old_name_is_no_orphan(account, jobs, make_job):
    """An invocation died before it wrote its job, and is repeated at the moment of the reconciliation."""
    repeated, other = make_job(), make_job()
    reservations = Reservations(account, jobs)
    reservations.reserve(repeated.output, repeated.name, LONG_AGO)
    reservations.reserve(repeated.output, repeated.name, repeated.created)
    await reconcile(account, jobs, Engine())
    with pytest.raises(OutputExistsError, match=f"reserved by job {repeated.name}"):
        reservations.reserve(repeated.output, other.name, other.created)


async def test_a_request_starts_a_job_once(jobs, make_job):
    job = jobs.add(make_job())
    fresh, running = Engine(), Engine(job.name)
    for engine in (fresh, running):
        await start_orchestration(jobs, engine, job.name)
    assert (job.name in fresh.started, job.name in running.started) == (True, False)


async def test_a_request_that_comes_again_while_its_job_ends_starts_nothing(jobs, make_job):
    job = jobs.add(make_job(status=JobStatus.FINALIZING))

    class Ending(Engine):
        async def is_alive(self, name):
            jobs.enter(name, JobStatus.COMPLETED)
            return False

    engine = Ending()
    await start_orchestration(jobs, engine, job.name)
    assert engine.started == {}


async def test_a_request_for_a_job_that_has_ended_starts_nothing(jobs, make_job):
    job, engine = jobs.add(make_job()), Engine()
    jobs.enter(job.name, JobStatus.CANCELED)
    await start_orchestration(jobs, engine, job.name)
    assert engine.started == {}


async def test_broken_rows_keep_no_job_waiting_and_no_queue_from_its_job(account, jobs, lost, make_job):
    broken, job, orphan = lost(), lost(), make_job()
    for name in (task_queue(broken.job_id), task_queue(orphan.job_id)):
        ensure_queue(account.queues, name)
    write_broken(account.tables, "jobs", broken.name, "job")
    write_broken(account.tables, "jobindex", "unfinished", f"0-{broken.name}")
    write_broken(account.tables, "reservations", "p", broken.name)
    try:
        engine = Engine()
        await reconcile(account, jobs, engine)
        assert job.name in engine.started
        for name in (task_queue(broken.job_id), task_queue(orphan.job_id)):
            assert message_count(account.queues, name) is not None
    finally:
        account.tables.get_table_client("jobs").delete_entity(broken.name, "job")
        account.tables.get_table_client("jobindex").delete_entity("unfinished", f"0-{broken.name}")
        account.tables.get_table_client("reservations").delete_entity("p", broken.name)


async def test_a_job_that_cannot_be_resumed_does_not_keep_others_waiting(account, jobs, lost):
    names = {lost().name, lost().name}

    class Stumbling(Engine):
        async def start(self, job, start_input):
            await super().start(job, start_input)
            raise RuntimeError("no")

    engine = Stumbling()
    await reconcile(account, jobs, engine)
    assert names <= set(engine.started)
