from datetime import timedelta

import pytest

from shared.contracts.job import JobStatus
from shared.contracts.progress import JobFailure, NodeRow, NodeState, ProgressRow
from shared.jobs.phases.watch import (
    LOST_TASKS_AFTER,
    LOST_TICKETS_AFTER,
    Action,
    Observation,
    WatchMemory,
    decide,
    next_look,
    status_of,
    tally,
)
from shared.storage.ledger import Ledger, TaskBlock
from tests.unit.jobs.jobs_for_tests import NOON, a_job

pytestmark = pytest.mark.unit
JOB_ID = a_job().job_id


def block(task, *, rows=1, succeeded=1, failed=0, attempt=1):
    return TaskBlock(JOB_ID[:8], task, attempt, rows, succeeded, failed)


def node(state=NodeState.RUNNING, job_id=JOB_ID, node_id="n1"):
    return NodeRow(compute="cpu-cluster", node_id=node_id, state=state, since=NOON, heartbeat=NOON, job_id=job_id)


def row(task, *, done=0, failed=0, at=NOON, process="n1:0", fatal=None):
    return ProgressRow(
        job_id=JOB_ID, process=process, updated=at, current_task=task, done=done, failed=failed, fatal=fatal
    )


def seen(*, blocks=(), progress=(), nodes=(), queued=5, tickets=1, at=NOON, is_merged=False):
    return Observation(at, Ledger.of(blocks), list(progress), list(nodes), queued, tickets, is_merged)


def test_a_job_with_open_tasks_waits():
    assert decide(a_job(), seen(nodes=[node()]), WatchMemory()).action is Action.WAIT


def test_a_complete_ledger_is_merged():
    complete = seen(blocks=[block(n) for n in range(10)], queued=0)
    assert decide(a_job(), complete, WatchMemory()).action is Action.MERGE


def test_a_requested_cancel_wins_over_everything():
    complete = seen(blocks=[block(n) for n in range(10)])
    assert decide(a_job(status=JobStatus.CANCEL_REQUESTED), complete, WatchMemory()).action is Action.CANCEL


@pytest.mark.parametrize("status", [JobStatus.FINALIZING, JobStatus.CANCEL_REQUESTED])
def test_a_committed_output_completes_the_job_whatever_else_is_found(status):
    fatal = row(-1, fatal=JobFailure(step="init", message="no such file"))
    missing = WatchMemory(tasks_missing_since=NOON - LOST_TASKS_AFTER, nodes_missing_since=NOON - LOST_TICKETS_AFTER)
    merged = seen(progress=[fatal, row(1, failed=9)], queued=None, tickets=0, is_merged=True)
    decision = decide(a_job(status=status, error_threshold=0), merged, missing)
    assert (decision.action, decision.failure) == (Action.MERGE, None)


def test_a_fatal_process_fails_the_job_with_its_reason():
    failure = JobFailure(step="init", message="no such file")
    decision = decide(a_job(), seen(progress=[row(-1, fatal=failure)]), WatchMemory())
    assert (decision.action, decision.failure) == (Action.FAIL, failure)


@pytest.mark.parametrize(
    ("threshold", "failed", "action"),
    [(-1, 9, Action.WAIT), (0, 0, Action.WAIT), (0, 1, Action.FAIL), (2, 2, Action.WAIT), (2, 3, Action.FAIL)],
)
def test_strictly_more_failures_than_the_threshold_stop_the_job(threshold, failed, action):
    observed = seen(blocks=[block(0, succeeded=0, failed=failed)], nodes=[node()])
    assert decide(a_job(error_threshold=threshold), observed, WatchMemory()).action is action


def test_failures_of_tasks_in_hand_count_for_the_threshold():
    observed = seen(blocks=[block(0, failed=1)], progress=[row(1, failed=2)], nodes=[node()])
    assert decide(a_job(error_threshold=2), observed, WatchMemory()).action is Action.FAIL


def test_a_redelivered_task_is_counted_once():
    later = NOON + timedelta(seconds=5)
    rows = [row(3, done=4, process="dead:0"), row(3, done=2, at=later, process="n2:0"), row(0, done=9)]
    statistics = tally(a_job(), seen(blocks=[block(0)], progress=rows))
    assert statistics.succeeded == 1 + 2


def test_the_better_block_of_a_task_counts():
    ledger = Ledger.of([block(0, failed=1, attempt=2), block(0, failed=0, attempt=1)])
    assert ledger.blocks[0].failed == 0
    assert Ledger.of([block(0, attempt=1), block(0, attempt=2)]).blocks[0].attempt == 2


def test_lost_tasks_are_enqueued_again_after_a_while():
    memory = decide(a_job(), seen(nodes=[node()], queued=0), WatchMemory()).memory
    later = seen(nodes=[node()], queued=0, at=NOON + LOST_TASKS_AFTER)
    decision = decide(a_job(), later, memory)
    assert decision.action is Action.HEAL_TASKS
    assert decision.memory.generation == 1
    assert decision.memory.tasks_missing_since is None


def test_a_queue_that_fills_again_ends_the_suspicion():
    memory = decide(a_job(), seen(nodes=[node()], queued=0), WatchMemory()).memory
    assert decide(a_job(), seen(nodes=[node()], queued=1), memory).memory.tasks_missing_since is None


def test_lost_tickets_are_put_back_after_a_lease_has_run_out():
    memory = decide(a_job(), seen(tickets=0), WatchMemory()).memory
    later = seen(tickets=0, at=NOON + LOST_TICKETS_AFTER)
    assert decide(a_job(), later, memory).action is Action.HEAL_TICKETS


def test_waiting_for_a_full_cluster_is_no_loss():
    others = [node(job_id="other")]
    memory = decide(a_job(), seen(nodes=others, tickets=2), WatchMemory()).memory
    later = seen(nodes=others, tickets=2, at=NOON + LOST_TICKETS_AFTER)
    assert decide(a_job(), later, memory).action is Action.WAIT


@pytest.mark.parametrize(
    ("nodes", "status"),
    [
        ([], JobStatus.QUEUED),
        ([node(job_id="other")], JobStatus.QUEUED),
        ([node(NodeState.PREPARING)], JobStatus.PREPARING),
        ([node(NodeState.PREPARING), node(node_id="n2")], JobStatus.RUNNING),
    ],
)
def test_the_state_follows_the_nodes(nodes, status):
    assert status_of(a_job(), seen(nodes=nodes)) is status


def test_node_seconds_add_up_between_looks():
    memory = WatchMemory(last_look=NOON - timedelta(seconds=4))
    statistics = tally(a_job(), seen(nodes=[node(), node(node_id="n2")]), memory)
    assert statistics.node_seconds == 8


def seconds_to_the_next_look(*, age, finished, before, since, files=10):
    """For a job that is `age` seconds old and had `before` finished tasks since `since` seconds ago."""
    now = NOON + timedelta(seconds=age)
    observed = seen(blocks=[block(n) for n in range(finished)], nodes=[node()], at=now)
    memory = WatchMemory(finished=before, finished_since=now - timedelta(seconds=since))
    return next_look(a_job(files=files), observed, memory).total_seconds()


def test_looks_get_rarer_with_the_age_of_the_job():
    looks = [seconds_to_the_next_look(age=age, finished=1, before=0, since=5, files=900) for age in (0, 30, 10_000)]
    assert looks == [1, 3, 10]


def test_the_end_of_a_job_is_looked_for_when_it_is_expected():
    assert seconds_to_the_next_look(age=60, finished=8, before=4, since=6) == 3
    assert seconds_to_the_next_look(age=60, finished=9, before=4, since=2) == 0.4
    assert seconds_to_the_next_look(age=60, finished=9, before=0, since=0.1) == 0.25


def test_a_straggler_is_looked_at_ever_more_rarely():
    since, looks = 0.0, []
    while len(looks) < 7:
        looks.append(seconds_to_the_next_look(age=60, finished=9, before=9, since=since))
        since += looks[-1]
    assert looks == [0.25, 0.25, 0.5, 1, 2, 4, 6]


def test_the_first_look_is_soon_followed_by_another():
    assert next_look(a_job(), seen(at=NOON), WatchMemory()).total_seconds() == 0.25


def test_a_look_remembers_since_when_so_many_tasks_are_finished():
    one, later = [block(0)], NOON + timedelta(seconds=3)
    first = decide(a_job(), seen(blocks=one), WatchMemory()).memory
    second = decide(a_job(), seen(blocks=one, at=later), first).memory
    assert (second.finished, second.finished_since) == (1, NOON)
    third = decide(a_job(), seen(blocks=[*one, block(1)], at=later), second).memory
    assert (third.finished, third.finished_since) == (2, later)
