import pytest

from shared.errors import ValidationError
from shared.jobs.phases.plan import TASKS_PER_CALL, size_work, task_messages, task_width
from shared.storage.ledger import MAX_TASKS
from tests.unit.jobs.jobs_for_tests import a_job

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("mini_batches", "processes", "width"),
    [(1, 1, 1), (64, 1, 1), (640, 1, 10), (100, 2, 1), (2_000, 2, 16), (1_000_000, 2, 1_000), (100_000, 64, 50)],
)
def test_tasks_are_wide_enough_for_queue_and_ledger(mini_batches, processes, width):
    assert task_width(mini_batches, processes) == width


@pytest.mark.parametrize("mini_batches", [1, 49_999, 50_000, 123_456_789])
def test_there_are_never_more_tasks_than_blocks_in_a_blob(mini_batches):
    width = task_width(mini_batches, 10_000)
    assert -(-mini_batches // width) <= MAX_TASKS


def test_every_mini_batch_is_in_exactly_one_task():
    job = a_job(files=1_003)
    work = size_work(job, 1_003)
    job = job.model_copy(update={"work": work})
    covered = [n for m in task_messages(job, 0) for n in range(m.first_mini_batch, m.first_mini_batch + m.mini_batches)]
    assert covered == list(range(1_003))


def test_one_call_enqueues_a_bounded_number_of_tasks():
    job = a_job(files=2_500)
    numbers = [message.task for message in task_messages(job, 1_000)]
    assert numbers == list(range(1_000, 1_000 + TASKS_PER_CALL))


def test_an_input_that_lost_its_files_is_refused():
    with pytest.raises(ValidationError, match="no files"):
        size_work(a_job(), 0)
