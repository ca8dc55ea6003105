"""A job's output goes where nothing is, and nothing that others made is lost for it."""

import re
from datetime import UTC, datetime

import pytest

from shared.contracts.job import JobStatus
from shared.errors import OutputExistsError
from shared.jobs.phases.finish import finish
from shared.jobs.store import JobStore
from shared.jobs.submission.output_place import Reservations, take_place
from shared.storage.blobs import container_of, mark_of
from shared.storage.ledger import TaskBlock
from shared.storage.output_ledger import NO_HEADER

pytestmark = pytest.mark.integration


@pytest.fixture
def jobs(account):
    return JobStore(account.tables)


@pytest.fixture
def place(account, make_job):
    """A job whose output is at a place, and the container of that."""

    def at(file_name="x.csv", path="out", **changes):
        job = make_job(**changes)
        folder = job.output.folder.model_copy(update={"path": path})
        job = job.model_copy(
            update={"output": job.output.model_copy(update={"folder": folder, "file_name": file_name})}
        )
        return job, container_of(account, folder)

    return at


def ended(jobs, job, status=JobStatus.FAILED):
    return jobs.add(job.model_copy(update={"status": status, "entered": {status: datetime.now(UTC)}}))


def test_a_users_own_list_of_errors_is_refused_and_kept(account, jobs, place):
    job, output = place("predictions.csv")
    output.upload_blob("out/errors.jsonl", b"precious")
    with pytest.raises(OutputExistsError, match=r"out/errors\.jsonl exists already; remove it"):
        take_place(account, jobs, job)
    assert output.download_blob("out/errors.jsonl").readall() == b"precious"
    output.delete_blob("out/errors.jsonl")
    other, _ = place("predictions.csv")
    take_place(account, jobs, other)  # the job that was refused holds nothing


def test_the_output_of_another_job_is_no_list_of_failed_items(account, jobs, place):
    maker = ended(jobs, place("x.csv.errors.jsonl")[0], JobStatus.COMPLETED)
    job, output = place("x.csv")
    output.upload_blob("out/x.csv.errors.jsonl", b"precious", metadata=mark_of(maker.job_id))
    with pytest.raises(OutputExistsError, match="exists already"):
        take_place(account, jobs, job)
    assert output.download_blob("out/x.csv.errors.jsonl").readall() == b"precious"


@pytest.mark.parametrize("names", [("x.csv", "x.csv.errors.jsonl"), ("x.csv.errors.jsonl", "x.csv")])
def test_what_one_unfinished_job_lists_as_failed_another_cannot_have_as_output(account, jobs, place, names):
    first, second = (place(name)[0] for name in names)
    take_place(account, jobs, first)
    with pytest.raises(OutputExistsError, match=f"reserved by job {first.name}"):
        take_place(account, jobs, second)


def test_the_list_that_an_ended_job_left_behind_makes_room_for_the_next_try(account, jobs, place):
    failed, output = place()
    ended(jobs, failed)
    output.upload_blob(failed.output.errors_path, b"{}\n", metadata=mark_of(failed.job_id))
    take_place(account, jobs, place()[0])
    assert not output.get_blob_client(failed.output.errors_path).exists()


def test_the_list_of_a_job_that_has_not_ended_stays(account, jobs, place):
    running, output = place()
    jobs.add(running)
    output.upload_blob(running.output.errors_path, b"{}\n", metadata=mark_of(running.job_id))
    with pytest.raises(OutputExistsError):
        take_place(account, jobs, place()[0])
    assert output.get_blob_client(running.output.errors_path).exists()


def test_a_place_is_free_again_once_its_finished_file_was_removed(account, jobs, place):
    job, output = place()
    take_place(account, jobs, job)
    output.upload_blob(job.output.file_path, b"1\n", metadata=mark_of(job.job_id))
    finish(account, jobs, jobs.add(job), JobStatus.COMPLETED)
    later, _ = place()
    with pytest.raises(OutputExistsError, match="exists already"):
        take_place(account, jobs, later)
    output.delete_blob(job.output.file_path)
    take_place(account, jobs, later)


def test_a_reservation_that_an_ended_job_still_has_is_taken_over(account, jobs, place):
    job, _ = place()
    take_place(account, jobs, job)
    ended(jobs, job, JobStatus.COMPLETED)
    later, _ = place()
    take_place(account, jobs, later)
    Reservations(account, jobs).release(job.output, job.name)
    with pytest.raises(OutputExistsError, match=f"reserved by job {later.name}"):
        take_place(account, jobs, place()[0])


@pytest.mark.parametrize("other", ["a.2Fb.csv", "a%2Fb.csv", "A/b.csv"])
def test_no_two_places_share_a_reservation(account, jobs, place, other):
    take_place(account, jobs, place("b.csv", "out/a")[0])
    take_place(account, jobs, place(f"out/{other}".rpartition("/")[2], f"out/{other}".rpartition("/")[0])[0])


def test_a_job_knows_which_ones_failed_at_its_place_before(account, jobs, place):
    first = take_place(account, jobs, place()[0])
    finish(account, jobs, jobs.add(first), JobStatus.FAILED)
    second = take_place(account, jobs, place()[0])
    finish(account, jobs, jobs.add(second), JobStatus.CANCELED)
    third = take_place(account, jobs, place()[0])
    assert (first.output.follows, second.output.follows) == ((), (first.job_id,))
    assert third.output.follows == (second.job_id, first.job_id)


def test_a_job_follows_none_that_completed(account, jobs, place):
    done = take_place(account, jobs, place()[0])
    finish(account, jobs, jobs.add(done), JobStatus.COMPLETED)
    assert take_place(account, jobs, place()[0]).output.follows == ()


def test_rows_of_a_purged_job_of_the_same_name_do_not_count_for_the_next(account, jobs, place):
    job, output = place()
    block = TaskBlock(job.job_id[:8], 0, 1, 1, 1, 0, NO_HEADER)
    output.get_blob_client(job.output.file_path).stage_block(block.block_id, b"of long ago\n")
    with pytest.raises(OutputExistsError, match="rows of an earlier job"):
        take_place(account, jobs, job)
    take_place(account, jobs, place()[0])


def test_the_same_job_may_take_its_place_again(account, jobs, place):
    job, _ = place()
    for _ in range(2):
        take_place(account, jobs, job)


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ("out/x.csv/part-1", "out/x.csv is a folder that has files"),
        ("out/x.csv.errors.jsonl/a", "out/x.csv.errors.jsonl is a folder that has files"),
        ("out", "out is a file, so no output can lie below it"),
    ],
)
def test_an_output_is_no_folder_and_lies_in_none_that_is_a_file(account, jobs, place, there, said):
    job, output = place()
    output.upload_blob(there, b"precious")
    with pytest.raises(OutputExistsError, match=re.escape(said)):
        take_place(account, jobs, job)
    assert output.download_blob(there).readall() == b"precious"
    output.delete_blob(there)
    output.upload_blob("out/x.csv2", b"a neighbour")
    output.upload_blob("out", b"", metadata={"hdi_isfolder": "true"})
    take_place(account, jobs, place()[0])  # the job that was refused holds nothing
