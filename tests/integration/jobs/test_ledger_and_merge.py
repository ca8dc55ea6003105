import io
import json

import pytest
from pyarrow import parquet

from scorer_container.node.parquet.encoding import parquet_block
from shared.contracts.job_spec import WorkSize
from shared.errors import OutputExistsError
from shared.jobs.merge import is_merged, merge
from shared.storage.containers import JOBS_CONTAINER, columns_name, row_groups_name
from shared.storage.ledger import EMPTY_BLOCK, TaskBlock, commit, read_ledger
from shared.storage.locations import container_of
from shared.storage.row_groups import BlockRowGroups

pytestmark = pytest.mark.integration


@pytest.fixture
def job(make_job):
    return make_job(work=WorkSize(files=6, mini_batch_size=2, mini_batches_per_task=1))


@pytest.fixture
def output(account, job):
    return container_of(account, job.output.folder)


def stage(output, job, task, text, *, rows=1, failed=0, attempt=1):
    block = TaskBlock(job.job_id[:8], task, attempt, rows, 2 - failed, failed)
    blob = output.get_blob_client(job.output.file_path)
    blob.stage_block(block.block_id, text.encode() if rows else EMPTY_BLOCK)
    if failed:
        line = json.dumps({"file": f"{task}.csv", "error_type": "KeyError", "message": "'age'"}) + "\n"
        output.get_blob_client(job.output.errors_path).stage_block(block.block_id, line.encode())


def merged(account, output, job):
    failure = merge(account, job, read_ledger(output.get_blob_client(job.output.file_path), job.job_id))
    return failure, output.download_blob(job.output.file_path).readall().decode()


def test_rows_come_out_in_the_order_of_the_input_whatever_the_order_of_work(account, output, job):
    for task in (2, 0, 1):
        stage(output, job, task, f"row {task}\n")
    assert merged(account, output, job) == (None, "row 0\nrow 1\nrow 2\n")


def test_a_task_that_was_delivered_twice_is_in_the_output_once(account, output, job):
    stage(output, job, 0, "first\n")
    stage(output, job, 0, "second\n", attempt=2)
    assert merged(account, output, job) == (None, "second\n")


def test_the_header_stands_before_the_rows(account, output, job):
    account.blobs.get_blob_client(JOBS_CONTAINER, columns_name(job.job_id)).upload_blob('{"columns": ["a", "b,c"]}')
    stage(output, job, 0, "1,2\n")
    assert merged(account, output, job)[1] == 'a,"b,c"\n1,2\n'


def test_a_task_without_rows_leaves_no_trace_in_the_output(account, output, job):
    stage(output, job, 0, "", rows=0)
    stage(output, job, 1, "row 1\n")
    assert merged(account, output, job)[1] == "row 1\n"


def test_failed_items_are_listed_beside_the_output(account, output, job):
    stage(output, job, 0, "row 0\n", failed=1)
    stage(output, job, 1, "row 1\n")
    merged(account, output, job)
    assert json.loads(output.download_blob(job.output.errors_path).readall())["file"] == "0.csv"


def test_a_job_without_a_single_success_fails_with_the_first_reason(account, output, job):
    stage(output, job, 0, "", rows=0, failed=2)
    failure = merge(account, job, read_ledger(output.get_blob_client(job.output.file_path), job.job_id))
    assert "none of the 2 items succeeded; 0.csv: KeyError: 'age'" in failure.message
    assert not output.get_blob_client(job.output.file_path).exists()


def stage_parquet(account, output, job, task, names, *, attempt=1):
    """As a node does it."""
    made = parquet_block([json.dumps([names]).encode()], ["name"], ["text"])
    block = TaskBlock(job.job_id[:8], task, attempt, len(names), 2, 0, made.digest)
    told = BlockRowGroups(block.block_id, made.length, len(names), made.footer.schema, made.footer.row_groups)
    places = account.blobs.get_blob_client(JOBS_CONTAINER, row_groups_name(job.job_id))
    places.stage_block(block.block_id, told.to_line())
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
    commit(places, read_ledger(blob, job.job_id).row_blocks, job_id=job.job_id, content_type="application/x-ndjson")
    stage_parquet(account, output, job, 0, ["a later, other delivery"], attempt=2)
    assert merge(account, job, read_ledger(blob, job.job_id)) is None
    assert parquet.read_table(io.BytesIO(blob.download_blob().readall())).to_pydict() == {"name": ["a", "b", "c"]}


def test_merging_twice_changes_nothing(account, output, job):
    stage(output, job, 0, "row 0\n")
    ledger = read_ledger(output.get_blob_client(job.output.file_path), job.job_id)
    assert not is_merged(account, job)
    merge(account, job, ledger)
    assert is_merged(account, job)
    assert merge(account, job, ledger) is None


def test_somebody_elses_output_is_never_overwritten(account, output, job):
    output.upload_blob(job.output.file_path, b"precious")
    stage(output, job, 0, "row 0\n")
    ledger = read_ledger(output.get_blob_client(job.output.file_path), job.job_id)
    with pytest.raises(OutputExistsError, match="exists already"):
        merge(account, job, ledger)
    assert output.download_blob(job.output.file_path).readall() == b"precious"


def test_blocks_of_an_earlier_job_on_the_same_blob_do_not_count(account, output, job, make_job):
    stage(output, make_job(output=job.output), 0, "of another job\n")
    stage(output, job, 1, "row 1\n")
    assert merged(account, output, job)[1] == "row 1\n"
