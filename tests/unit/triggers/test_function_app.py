"""What the Function App offers to its host."""

import pytest

from function_app import app
from shared.triggers.http.functions import APPS

pytestmark = pytest.mark.unit

QUEUES = {"on_job_request", "on_job_nudge", "on_job_notification", "on_blob_event", "on_purge_request"}
TIMERS = {"scale_computes", "run_schedules", "reconcile_jobs"}
ACTIVITIES = {"list_inputs", "size_work", "enqueue_tasks", "allocate_nodes", "watch_job", "merge_output", "finish_job"}


def test_every_function_is_registered():
    names = {function.get_function_name() for function in app.get_functions()}
    assert names == {*APPS, "health", *QUEUES, *TIMERS, "batch_job", *ACTIVITIES}
