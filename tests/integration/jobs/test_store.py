import json
from datetime import timedelta

import pytest

from shared.contracts.job import JobStatus
from shared.errors import ConflictError, NotFoundError
from shared.jobs.store import IndexEntry, JobStore
from shared.storage.rows import RowTable
from tests.broken_rows import write_broken
from tests.integration.hooked_account import HookedAccount, once_at

pytestmark = pytest.mark.integration


@pytest.fixture
def jobs(account):
    return JobStore(account.tables)


def test_jobs_are_listed_by_endpoint_with_the_newest_first(jobs, make_job, unique_name):
    endpoint, first = unique_name("ep"), make_job()
    made = [
        first.model_copy(update={"name": f"{first.name}-{n}", "endpoint": endpoint, "created": first.created + age})
        for n, age in enumerate([timedelta(0), timedelta(seconds=2), timedelta(seconds=1)])
    ]
    for job in made:
        jobs.add(job)
    assert [job.name[-1] for job in jobs.page(endpoint=endpoint.upper()).jobs] == ["1", "2", "0"]


def test_pages_follow_each_other(jobs, make_job, unique_name):
    endpoint = unique_name("ep")
    names = {jobs.add(make_job(endpoint=endpoint)).name for _ in range(5)}
    found, continuation = set(), None
    for _ in range(3):
        page = jobs.page(endpoint=endpoint, size=2, continuation=continuation)
        found |= {job.name for job in page.jobs}
        continuation = page.continuation
    assert (found, continuation) == (names, None)


def test_a_name_is_given_once(jobs, make_job):
    job = jobs.add(make_job())
    with pytest.raises(ConflictError):
        jobs.add(job)


def test_a_failed_second_add_does_not_hide_the_first_job(jobs, make_job):
    job = jobs.add(make_job())
    with pytest.raises(ConflictError):
        jobs.add(job.model_copy(update={"created": job.created + timedelta(seconds=1)}))
    assert [found.name for found in jobs.page(endpoint="heart").jobs].count(job.name) == 1


def test_a_job_is_unfinished_until_it_enters_a_terminal_state(jobs, make_job):
    name = jobs.add(make_job()).name
    assert name in {job.name for job in jobs.unfinished()}
    jobs.enter(name, JobStatus.FAILED)
    assert name not in {job.name for job in jobs.unfinished()}


def test_a_new_job_of_a_purged_name_stays_among_the_unfinished(account, jobs, make_job):
    ended = jobs.add(make_job(status=JobStatus.FAILED))

    def purge_and_begin_anew():
        jobs.remove(ended)
        jobs.add(make_job(name=ended.name, job_id=ended.job_id))

    def forgets(request):
        return request.method == "DELETE" and f"'unfinished',RowKey='{ended.name}'" in request.url

    hook = once_at(forgets, purge_and_begin_anew)
    JobStore(HookedAccount(account.connection_string, before=hook).tables).unfinished()
    assert jobs.get(ended.name).status is JobStatus.NOT_STARTED
    assert ended.name in {job.name for job in jobs.unfinished()}


def test_a_line_that_a_crash_left_behind_an_ended_job_goes_away(account, jobs, make_job):
    job = jobs.add(make_job(status=JobStatus.FAILED))
    line = RowTable(account.tables, "jobindex", IndexEntry)
    assert line.find("unfinished", job.name)
    assert job.name not in {found.name for found in jobs.unfinished()}
    assert line.find("unfinished", job.name) is None


def test_a_job_stays_as_it_is_where_it_may_not_go(jobs, make_job):
    name = jobs.add(make_job()).name
    jobs.enter(name, JobStatus.FAILED)
    assert jobs.enter(name, JobStatus.RUNNING).status is JobStatus.FAILED


def test_an_unknown_job_is_named(jobs):
    with pytest.raises(NotFoundError, match="'nobody'"):
        jobs.get("nobody")


def test_a_page_shows_the_readable_jobs_and_reports_the_others(account, make_job):
    jobs = JobStore(account.tables)
    good, broken = (jobs.add(make_job(endpoint="with-a-broken-job")) for _ in range(2))
    write_broken(account.tables, "jobs", broken.name, "job")
    try:
        page = jobs.page(endpoint=good.endpoint)
        assert [job.name for job in page.jobs] == [good.name]
        assert f"row {broken.name} / job of table jobs cannot be read" in page.problems[0].message
        assert good.name in {job.name for job in jobs.unfinished()}
    finally:
        account.tables.get_table_client("jobs").delete_entity(broken.name, "job")


@pytest.mark.parametrize("name", ["bad/../name", "", "a" * 2_000, "\u00e9", "a b"])
def test_a_line_with_a_name_that_no_job_can_have_hides_no_other_job(account, make_job, unique_name, name):
    endpoint = unique_name("ep")
    jobs = JobStore(account.tables)
    shown = jobs.add(make_job(endpoint=endpoint)).name
    line = {"job": name, "deployment": "d"}
    content = {"chunks": 1, "document0": json.dumps(line)}
    write_broken(account.tables, "jobindex", f"endpoint-{endpoint}", "0", content)
    page = jobs.page(endpoint=endpoint)
    assert ([job.name for job in page.jobs], len(page.problems)) == ([shown], 1)
