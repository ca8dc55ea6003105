import csv
import io
import json

import pytest
from pyarrow import parquet

from scorer_container.node.parquet.blocks import parquet_block
from shared.contracts.job_spec import WorkSize
from shared.errors import ConflictError, OutputExistsError, PreconditionFailedError
from shared.jobs.phases.merge import commit_errors, is_merged, merge
from shared.storage.blobs import JOBS_CONTAINER, container_of, row_groups_name
from shared.storage.ledger import EMPTY_BLOCK, TaskBlock, commit
from shared.storage.output_ledger import NO_HEADER, header_block, header_digest, header_line, read_ledger
from shared.storage.row_groups import BlockRowGroups
from tests.integration.hooked_account import HookedAccount, KilledError, once_at

pytestmark = pytest.mark.integration


@pytest.fixture
def job(make_job):
    return make_job(work=WorkSize(files=6, mini_batch_size=2, mini_batches_per_task=1))


@pytest.fixture
def output(account, job):
    return container_of(account, job.output.folder)


def stage(output, job, task, text, *, rows=1, failed=0, attempt=1, columns=None, listed=True):
    digest = header_digest(header_line(columns)) if rows else ""
    block = TaskBlock(job.job_id[:8], task, attempt, rows, 2 - failed, failed, digest)
    blob = output.get_blob_client(job.output.file_path)
    blob.stage_block(block.block_id, text.encode() if rows else EMPTY_BLOCK)
    if failed and listed:
        line = json.dumps({"file": f"{task}.csv", "error_type": "KeyError", "message": "'age'"}) + "\n"
        output.get_blob_client(job.output.errors_path).stage_block(block.block_id, line.encode())


def merged(account, output, job):
    failure = merge(account, job, read_ledger(account, job.output, job.job_id))
    return failure, output.download_blob(job.output.file_path).readall().decode()


def test_rows_come_out_in_the_order_of_the_input_whatever_the_order_of_work(account, output, job):
    for task in (2, 0, 1):
        stage(output, job, task, f"row {task}\n")
    assert merged(account, output, job) == (None, "row 0\nrow 1\nrow 2\n")


def test_a_task_that_was_delivered_twice_is_in_the_output_once(account, output, job):
    stage(output, job, 0, "first\n")
    stage(output, job, 0, "second\n", attempt=2)
    assert merged(account, output, job) == (None, "second\n")


def stage_header(output, job, columns):
    line = header_line(columns)
    output.get_blob_client(job.output.file_path).stage_block(header_block(header_digest(line)), line)


def test_the_header_stands_before_the_rows(account, output, job):
    columns = ["a", "b,c", "d\re"]
    stage_header(output, job, columns)
    stage(output, job, 0, "1,2,3\n", columns=columns)
    stage(output, job, 1, "4,5,6\n", columns=columns)
    text = merged(account, output, job)[1]
    assert text == 'a,"b,c","d\re"\n1,2,3\n4,5,6\n'
    assert next(csv.reader(io.StringIO(text, newline=""))) == columns


def test_rows_whose_header_was_lost_do_not_count_until_it_is_back(account, output, job):
    stage(output, job, 0, "1\n", columns=["a"])
    stage(output, job, 1, "", rows=0)
    assert list(read_ledger(account, job.output, job.job_id).blocks) == [1]
    stage_header(output, job, ["a"])
    assert list(read_ledger(account, job.output, job.job_id).blocks) == [0, 1]


def test_rows_under_two_headers_become_no_file(account, output, job):
    for task, columns in enumerate((["a", "b"], ["b", "a"])):
        stage_header(output, job, columns)
        stage(output, job, task, "1,2\n", columns=columns)
    with pytest.raises(ConflictError, match="run the job again"):
        merged(account, output, job)
    assert not output.get_blob_client(job.output.file_path).exists()


def test_rows_without_the_digest_of_their_header_are_not_merged(account, output, job):
    block = TaskBlock(job.job_id[:8], 0, 1, 1, 2, 0)
    output.get_blob_client(job.output.file_path).stage_block(block.block_id, b"1\n")
    with pytest.raises(ConflictError, match="older version"):
        merged(account, output, job)


def test_failed_items_whose_list_was_lost_do_not_count(account, output, job):
    stage(output, job, 0, "row 0\n")
    block = TaskBlock(job.job_id[:8], 1, 1, 1, 1, 1, NO_HEADER)
    output.get_blob_client(job.output.file_path).stage_block(block.block_id, b"row 1\n")
    assert list(read_ledger(account, job.output, job.job_id).blocks) == [0]
    stage(output, job, 1, "row 1\n", failed=1)
    ledger = read_ledger(account, job.output, job.job_id)
    assert list(ledger.blocks) == [0, 1]
    commit_errors(output, job, ledger)  # a merge that breaks off here is done again
    assert list(read_ledger(account, job.output, job.job_id).blocks) == [0, 1]


def test_parquet_rows_of_which_the_footer_knows_nothing_do_not_count(account, output, make_job):
    job = make_job(work=WorkSize(files=6, mini_batch_size=2, mini_batches_per_task=1))
    job = job.model_copy(update={"output": job.output.model_copy(update={"file_name": "rows.parquet"})})
    block = TaskBlock(job.job_id[:8], 0, 1, 1, 2, 0, "01234567")
    output.get_blob_client(job.output.file_path).stage_block(block.block_id, b"PAR1")
    assert read_ledger(account, job.output, job.job_id).finished == 0
    stage_parquet(account, output, job, 1, ["a"])
    assert list(read_ledger(account, job.output, job.job_id).blocks) == [1]


def test_a_block_that_is_lost_while_it_is_merged_is_missed_at_the_next_try(account, output, job):
    stage(output, job, 0, "row 0\n")
    ledger = read_ledger(account, job.output, job.job_id)
    output.get_blob_client(job.output.file_path).commit_block_list([])  # takes the blocks away
    output.delete_blob(job.output.file_path)
    with pytest.raises(PreconditionFailedError, match="gone since the ledger was read"):
        merge(account, job, ledger)
    assert read_ledger(account, job.output, job.job_id).finished == 0


def test_a_task_without_rows_leaves_no_trace_in_the_output(account, output, job):
    stage(output, job, 0, "", rows=0)
    stage(output, job, 1, "row 1\n")
    assert merged(account, output, job)[1] == "row 1\n"


def test_failed_items_are_listed_next_to_the_output(account, output, job):
    stage(output, job, 0, "row 0\n", failed=1)
    stage(output, job, 1, "row 1\n")
    merged(account, output, job)
    assert json.loads(output.download_blob(job.output.errors_path).readall())["file"] == "0.csv"


def test_a_job_without_a_single_success_fails_with_the_first_reason(account, output, job):
    stage(output, job, 0, "", rows=0, failed=2)
    failure = merge(account, job, read_ledger(account, job.output, job.job_id))
    assert "none of the 2 items succeeded; 0.csv: KeyError: 'age'" in failure.message
    assert not output.get_blob_client(job.output.file_path).exists()


def stage_parquet(account, output, job, task, names, *, attempt=1):
    """As a node does it."""
    made = parquet_block([json.dumps([names]).encode()], ["name"], ["text"])
    block = TaskBlock(job.job_id[:8], task, attempt, len(names), 2, 0, made.digest)
    captured = BlockRowGroups(block.block_id, made.length, len(names), made.footer.schema, made.footer.row_groups)
    places = account.blobs.get_blob_client(JOBS_CONTAINER, row_groups_name(job.job_id))
    places.stage_block(block.block_id, captured.to_line())
    made.content.seek(0)
    output.get_blob_client(job.output.file_path).stage_block(block.block_id, made.content.read())


def test_parquet_blocks_become_one_file_also_when_a_merge_that_broke_off_is_done_again(account, output, make_job):
    job = make_job(work=WorkSize(files=6, mini_batch_size=2, mini_batches_per_task=1))
    job = job.model_copy(update={"output": job.output.model_copy(update={"file_name": "rows.parquet"})})
    blob = output.get_blob_client(job.output.file_path)
    stage_parquet(account, output, job, 1, ["b", "c"])
    stage_parquet(account, output, job, 0, ["a"])
    stage(output, job, 2, "", rows=0)
    places = account.blobs.get_blob_client(JOBS_CONTAINER, row_groups_name(job.job_id))
    commit(
        places,
        read_ledger(account, job.output, job.job_id).row_blocks,
        job_id=job.job_id,
        content_type="application/x-ndjson",
    )
    stage_parquet(account, output, job, 0, ["a, delivered again"], attempt=2)
    assert merge(account, job, read_ledger(account, job.output, job.job_id)) is None
    rows = parquet.read_table(io.BytesIO(blob.download_blob().readall())).to_pydict()
    assert rows == {"name": ["a, delivered again", "b", "c"]}


def half_merged(account, output, job):
    """A merge that committed what belongs to the output, and then met storage that had lost the rows."""
    ledger = read_ledger(account, job.output, job.job_id)
    output.get_blob_client(job.output.file_path).commit_block_list([])  # takes the blocks away
    output.delete_blob(job.output.file_path)
    with pytest.raises(PreconditionFailedError):
        merge(account, job, ledger)


def failed_files(output, job):
    lines = output.download_blob(job.output.errors_path).readall().splitlines()
    return [json.loads(line)["file"] for line in lines]


def test_a_repeated_merge_lists_the_failed_items_of_the_tasks_that_were_scored_again(account, output, job):
    stage(output, job, 0, "row 0\n", failed=1)
    stage(output, job, 1, "row 1\n", failed=1)
    half_merged(account, output, job)
    assert failed_files(output, job) == ["0.csv", "1.csv"]
    stage(output, job, 0, "row 0\n", attempt=2)
    stage(output, job, 1, "row 1\n", failed=1, listed=False)  # its line is committed already
    stage(output, job, 2, "row 2\n", failed=1, attempt=2)
    assert merged(account, output, job) == (None, "row 0\nrow 1\nrow 2\n")
    assert failed_files(output, job) == ["1.csv", "2.csv"]


def test_a_merge_that_got_half_way_leaves_no_list_if_nothing_fails_in_the_end(account, output, job):
    stage(output, job, 0, "row 0\n", failed=1)
    half_merged(account, output, job)
    stage(output, job, 0, "row 0\n", attempt=2)
    assert merged(account, output, job) == (None, "row 0\n")
    assert not output.get_blob_client(job.output.errors_path).exists()


def test_a_list_of_failed_items_that_somebody_else_made_stays(account, output, job):
    output.upload_blob(job.output.errors_path, b"precious")
    stage(output, job, 0, "row 0\n")
    assert merged(account, output, job) == (None, "row 0\n")
    stage(output, job, 1, "row 1\n", failed=1)
    with pytest.raises(OutputExistsError, match="exists already"):
        commit_errors(output, job, read_ledger(account, job.output, job.job_id))
    assert output.download_blob(job.output.errors_path).readall() == b"precious"


def test_a_parquet_merge_that_got_half_way_succeeds_when_its_tasks_were_scored_again(account, output, make_job):
    job = make_job(work=WorkSize(files=6, mini_batch_size=2, mini_batches_per_task=1))
    job = job.model_copy(update={"output": job.output.model_copy(update={"file_name": "rows.parquet"})})
    stage_parquet(account, output, job, 0, ["a"])
    stage_parquet(account, output, job, 1, ["b"])
    half_merged(account, output, job)
    assert read_ledger(account, job.output, job.job_id).finished == 0
    stage_parquet(account, output, job, 0, ["a again"], attempt=2)
    stage_parquet(account, output, job, 1, ["b"])
    assert merge(account, job, read_ledger(account, job.output, job.job_id)) is None
    content = output.download_blob(job.output.file_path).readall()
    assert parquet.read_table(io.BytesIO(content)).to_pydict() == {"name": ["a again", "b"]}


def test_merging_twice_changes_nothing(account, output, job):
    stage(output, job, 0, "row 0\n")
    ledger = read_ledger(account, job.output, job.job_id)
    assert not is_merged(account, job)
    merge(account, job, ledger)
    assert is_merged(account, job)
    assert merge(account, job, ledger) is None


def test_somebody_elses_output_is_never_overwritten(account, output, job):
    output.upload_blob(job.output.file_path, b"precious")
    stage(output, job, 0, "row 0\n")
    ledger = read_ledger(account, job.output, job.job_id)
    with pytest.raises(OutputExistsError, match="exists already"):
        merge(account, job, ledger)
    assert output.download_blob(job.output.file_path).readall() == b"precious"


def test_blocks_of_an_earlier_job_on_the_same_blob_do_not_count(account, output, job, make_job):
    stage(output, make_job(output=job.output), 0, "of another job\n")
    stage(output, job, 1, "row 1\n")
    assert merged(account, output, job)[1] == "row 1\n"


def test_two_parquet_merges_at_once_do_not_mix_their_blocks_and_footers(account, output, make_job):
    """An application that was taken for dead, and the one that took over."""
    job = make_job(work=WorkSize(files=6, mini_batch_size=2, mini_batches_per_task=1))
    job = job.model_copy(update={"output": job.output.model_copy(update={"file_name": "rows.parquet"})})
    stage_parquet(account, output, job, 0, ["a"])
    stage_parquet(account, output, job, 1, ["b"])
    ledger = read_ledger(account, job.output, job.job_id)

    def commits_output(request):
        return request.method == "PUT" and "comp=blocklist" in request.url and "rows.parquet" in request.url

    def die():
        raise KilledError

    def merge_another_delivery_and_die():
        stage_parquet(account, output, job, 0, ["a, and a longer text of another delivery"] * 9, attempt=2)
        dying = HookedAccount(account.connection_string, before=once_at(commits_output, die))
        with pytest.raises(KilledError):
            merge(dying, job, read_ledger(account, job.output, job.job_id))

    hook = once_at(commits_output, merge_another_delivery_and_die)
    assert merge(HookedAccount(account.connection_string, before=hook), job, ledger) is None
    content = output.download_blob(job.output.file_path).readall()
    assert parquet.read_table(io.BytesIO(content)).to_pydict() == {"name": ["a", "b"]}
