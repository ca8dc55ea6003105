import pytest

from shared.contracts.job_spec import WorkSize
from shared.contracts.names import job_id
from shared.contracts.settings import ScoringSettings

pytestmark = pytest.mark.unit


def test_the_last_mini_batch_and_the_last_task_may_be_short():
    work = WorkSize(files=23, mini_batch_size=5, mini_batches_per_task=2)
    assert (work.mini_batches, work.tasks) == (5, 3)
    assert work.file_range(4) == (20, 23)
    assert work.task_range(2) == (4, 1)


def test_the_same_job_name_always_gives_the_same_id():
    assert job_id("nightly") == job_id("nightly") != job_id("nightly-2")


def test_a_node_reads_the_settings_of_a_newer_application():
    assert ScoringSettings.model_validate({"mini_batch_size": 3, "not_known_yet": 1}) == ScoringSettings(
        mini_batch_size=3
    )
