import pytest

from shared.contracts.job import JobStatus
from shared.jobs.store import entered, may_follow
from tests.unit.jobs.jobs_for_tests import NOON, a_job

pytestmark = pytest.mark.unit
S = JobStatus


def test_a_terminal_state_never_changes():
    assert not any(may_follow(old, new) for old in S if old.is_terminal for new in S)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (S.NOT_STARTED, S.QUEUED),
        (S.QUEUED, S.RUNNING),
        (S.RUNNING, S.FINALIZING),
        (S.FINALIZING, S.COMPLETED),
        (S.QUEUED, S.FAILED),
        (S.RUNNING, S.CANCEL_REQUESTED),
        (S.CANCEL_REQUESTED, S.CANCELED),
        (S.CANCEL_REQUESTED, S.FAILED),
        (S.CANCEL_REQUESTED, S.COMPLETED),
    ],
)
def test_a_job_goes_forward(old, new):
    assert may_follow(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (S.RUNNING, S.QUEUED),
        (S.RUNNING, S.RUNNING),
        (S.RUNNING, S.COMPLETED),
        (S.CANCEL_REQUESTED, S.RUNNING),
        (S.CANCEL_REQUESTED, S.CANCEL_REQUESTED),
        (S.FINALIZING, S.PREPARING),
    ],
)
def test_a_job_never_goes_back_or_skips_its_merge(old, new):
    assert not may_follow(old, new)


def test_entering_a_state_notes_the_moment():
    job = entered(a_job(status=S.QUEUED), S.RUNNING, NOON)
    assert (job.status, job.entered[S.RUNNING]) == (S.RUNNING, NOON)
