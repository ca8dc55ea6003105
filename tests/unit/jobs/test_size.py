import pytest

from shared.errors import ValidationError
from shared.jobs.store import MAX_CHARACTERS, checked_size
from tests.unit.jobs.jobs_for_tests import a_job

pytestmark = pytest.mark.unit


def test_a_job_that_storage_could_not_hold_is_refused_with_what_to_shorten() -> None:
    job = a_job()
    assert checked_size(job) is job
    with pytest.raises(ValidationError, match="shorten its tags"):
        checked_size(job.model_copy(update={"tags": {"note": "x" * MAX_CHARACTERS}}))
