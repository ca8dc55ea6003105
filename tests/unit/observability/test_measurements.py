import json
from datetime import timedelta
from pathlib import Path

import pytest
from azure.core.exceptions import ServiceRequestError
from azure.functions.queue import QueueMessage

from shared.contracts.job import JobStatus
from shared.contracts.progress import NodeRow, NodeState
from shared.observability import instruments, measurements, names
from shared.triggers.background.functions import MAX_DELIVERIES, delivered
from tests.captured import Captured
from tests.unit.jobs.jobs_for_tests import NOON, a_job

pytestmark = pytest.mark.unit

LABELS = (("compute", "cpu-cluster"), ("deployment", "v1"), ("endpoint", "heart"))


def test_waiting_tasks_of_the_jobs_of_a_deployment_add_up_and_a_job_that_ends_has_none(captured: Captured) -> None:
    first, second = a_job(), a_job().model_copy(update={"name": "other"})
    measurements.note_waiting_tasks(first, 9)
    measurements.note_waiting_tasks(first, 5)
    measurements.note_waiting_tasks(second, 2)
    assert {key: point.value for key, point in captured.points(names.TASKS_WAITING).items()} == {LABELS: 7}
    measurements.note_end(_ended(second))
    assert captured.points(names.TASKS_WAITING)[LABELS].value == 5


def test_a_gauge_without_recent_readings_is_not_reported(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    measurements.note_tickets("cpu", 3)
    assert captured.points(names.TICKETS)[(("compute", "cpu"),)].value == 3
    monkeypatch.setattr(instruments, "READING_SECONDS", -1.0)
    assert captured.points(names.TICKETS) == {}


def test_nodes_are_reported_by_state_even_if_there_are_none(captured: Captured) -> None:
    row = NodeRow(compute="cpu", node_id="n1", state=NodeState.RUNNING, since=NOON, heartbeat=NOON)
    measurements.note_nodes("cpu", [row, row.model_copy(update={"node_id": "n2"})])
    told_states = {dict(key)["state"]: point.value for key, point in captured.points(names.NODES).items()}
    assert told_states == {"idle": 0, "preparing": 0, "running": 2, "leaving": 0}


def test_an_end_is_counted_with_its_status_and_how_long_the_job_took(captured: Captured) -> None:
    measurements.note_end(_ended(a_job()))
    key = (*LABELS, ("status", "Failed"))
    assert captured.points(names.JOBS_ENDED)[key].value == 1
    assert captured.points(names.JOB_DURATION)[key].sum == 90


def test_a_message_that_fails_for_the_last_time_is_a_poison_message(captured: Captured) -> None:
    class Away:
        """A storage account that does not answer: the host sets the message aside then."""

        @property
        def queues(self):
            raise ServiceRequestError("no address for the host")

    for deliveries in (1, MAX_DELIVERIES):
        message = QueueMessage(body=b"{}", dequeue_count=deliveries)
        with pytest.raises(OSError), delivered(Away(), "job-nudges", message):  # type: ignore[arg-type]
            raise OSError
    assert captured.points(names.POISON_MESSAGES)[(("queue", "job-nudges"),)].value == 1


def test_the_host_delivers_as_often_as_is_assumed() -> None:
    host = json.loads((Path(__file__).parents[3] / "host.json").read_text(encoding="utf-8"))
    assert host["extensions"]["queues"]["maxDequeueCount"] == MAX_DELIVERIES


def _ended(job):
    return job.model_copy(
        update={"status": JobStatus.FAILED, "entered": {JobStatus.FAILED: NOON + timedelta(seconds=90)}}
    )
