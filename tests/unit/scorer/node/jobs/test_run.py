"""A job on a node: how each part of it ends, and what is left in storage then."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scorer_container.node.cache.room import FoldersInUse
from scorer_container.node.node import Node
from scorer_container.node.reporting.failure import fatal
from shared.contracts.messages import TaskMessage
from shared.contracts.progress import NodeRow, NodeState
from tests.unit.scorer.node.jobs.played_job import JOB, LEASE, PlayedJob
from tests.unit.scorer.node.stored import UNAVAILABLE, soon
from tests.unit.scorer.node.virtual_time import loop, run

pytestmark = pytest.mark.unit


def with_a_node(job: PlayedJob, work: Callable[[PlayedJob, Node], Awaitable[None]]) -> None:
    """Do `work` while a node works on the job; then let the node leave."""

    async def both() -> None:
        node = Node(job.settings, job.account, start_process=job.start, prepare=job.prepare)
        job.send_ticket()
        activity = asyncio.ensure_future(node.run())
        await asyncio.wait({activity, asyncio.ensure_future(work(job, node))}, return_when=asyncio.FIRST_COMPLETED)
        node.leave()
        began = loop().time()
        await activity
        assert loop().time() - began <= 20
        assert job.node is None
        assert not any(process.is_running for process in job.processes)
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []

    async def checked() -> None:
        """Raise what `work` raises."""
        nonlocal work
        inner, problems = work, list[BaseException]()

        async def guarded(job: PlayedJob, node: Node) -> None:
            try:
                await inner(job, node)
            except BaseException as error:
                problems.append(error)

        work = guarded
        await both()
        if problems:
            raise problems[0]

    run(checked())


@pytest.mark.parametrize("has_new", [True, False])
def test_the_cache_is_tidied_when_the_job_has_added_to_it(tmp_path: Path, has_new: bool) -> None:
    async def work(job: PlayedJob, _: Node) -> None:
        await soon(lambda: job.nudges.messages)

    job = PlayedJob(tmp_path)
    job.has_new_in_cache = has_new
    job.settings = replace(job.settings, cache_bytes=1)
    unused, in_use = job.settings.cache / "models" / "unused", FoldersInUse()
    in_use.hold(unused)
    in_use.release()
    unused.mkdir()
    (unused / "file").write_bytes(bytes(1000))
    with_a_node(job, work)
    assert unused.exists() is not has_new


def test_all_tasks_are_scored_and_acknowledged_and_the_app_is_nudged(tmp_path: Path) -> None:
    async def work(job: PlayedJob, _: Node) -> None:
        await soon(lambda: job.nudges.messages)
        assert job.finished == set(range(10))
        assert job.queue.messages == []
        assert job.node is not None
        assert (job.node.state, job.node.job_id, job.node.ticket) == (NodeState.RUNNING, JOB, 0)
        assert sum(row.tasks_finished for row in job.progress.values()) == 10
        job.end()
        await soon(lambda: job.node and job.node.state is NodeState.IDLE)
        assert (job.tickets.messages, job.progress, job.prepared) == ([], {}, 1)
        assert {process.ended for process in job.processes} == {"shut down"}
        log = job.node_log()
        assert f"job job ({JOB}): begins" in log
        assert "job job: ends" in log

    with_a_node(PlayedJob(tmp_path, 10), work)


def test_a_long_job_keeps_its_leases(tmp_path: Path) -> None:
    async def work(job: PlayedJob, _: Node) -> None:
        await soon(lambda: len(job.visible(job.queue)) == 0)
        for _second in range(10 * LEASE):
            await asyncio.sleep(1)
            assert not job.visible(job.tickets)
            assert not job.visible(job.queue)
        assert job.finished == set()
        assert {message.dequeues for message in job.queue.messages} <= {0, 1}

    with_a_node(PlayedJob(tmp_path, 4, seconds=500), work)


def test_a_leaving_node_gives_back_everything_at_once(tmp_path: Path) -> None:
    job = PlayedJob(tmp_path, 8, seconds=100)

    async def work(job: PlayedJob, _: Node) -> None:
        await soon(lambda: len(job.processes) == 2)
        await asyncio.sleep(10)

    async def check() -> None:
        assert {process.ended for process in job.processes} == {"killed"}

    with_a_node(job, work)
    run(check())
    assert [message.visible_at <= 1000 + 45 for message in (*job.queue.messages, *job.tickets.messages)] == [True] * 9
    assert {row.current_task for row in job.progress.values()} == {-1}
    assert all(TaskMessage.model_validate_json(message.text).starts == 0 for message in job.queue.messages)


def test_results_under_way_may_arrive_when_the_node_leaves(tmp_path: Path) -> None:
    job = PlayedJob(tmp_path, 1)

    async def work(job: PlayedJob, _: Node) -> None:
        gate = asyncio.Event()
        job.account.blobs.fail["stage_block"] = [gate]
        await soon(lambda: "stage_block" in job.account.blobs.calls)
        loop().call_later(2, gate.set)

    with_a_node(job, work)
    assert (job.finished, job.queue.messages) == ({0}, [])


@pytest.mark.parametrize("when", ["preparing", "initialising", "scoring", "uploading"])
def test_the_deletion_of_the_queue_ends_everything(tmp_path: Path, when: str) -> None:
    async def work(job: PlayedJob, _: Node) -> None:
        if when == "preparing":
            job.preparation_seconds = 10_000
            await soon(lambda: job.prepared)
        elif when == "uploading":
            job.account.blobs.fail["stage_block"] = [asyncio.Event()] * 10
            await soon(lambda: "stage_block" in job.account.blobs.calls)
        else:
            await soon(lambda: job.processes)
            await asyncio.sleep(0 if when == "initialising" else 3)
        job.end()
        await soon(lambda: job.node and job.node.state is NodeState.IDLE, 10)
        assert (job.tickets.messages, job.progress) == ([], {})

    with_a_node(PlayedJob(tmp_path, 4, seconds=0.5 if when == "uploading" else 1000), work)


def test_a_busy_process_is_killed_at_the_end_of_the_job_and_an_idle_one_is_shut_down(tmp_path: Path) -> None:
    async def work(job: PlayedJob, _: Node) -> None:
        await soon(lambda: len(job.processes) == 2)
        await asyncio.sleep(3)
        job.end()
        await soon(lambda: job.node and job.node.state is NodeState.IDLE)
        assert sorted(process.ended for process in job.processes) == ["killed", "shut down"]

    job = PlayedJob(tmp_path, 2, seconds=1000)
    job.queue.messages.pop()
    with_a_node(job, work)


def test_the_app_hears_when_the_shutdown_of_a_script_has_ended(tmp_path: Path) -> None:
    async def work(job: PlayedJob, _: Node) -> None:
        await soon(lambda: job.nudges.messages)
        assert job.node is not None
        assert job.node.shuts_down
        nudges = len(job.nudges.messages)
        job.end()
        await soon(lambda: len(job.nudges.messages) > nudges)
        assert job.node.shuts_down is False

    with_a_node(PlayedJob(tmp_path, 2, has_shutdown=True), work)


def test_a_failed_preparation_fails_the_job_and_is_said_until_the_queue_is_gone(tmp_path: Path) -> None:
    async def work(job: PlayedJob, _: Node) -> None:
        job.problem_of_preparation = fatal("environment", "no such package")
        await soon(lambda: job.failures)
        assert [failure.message for failure in job.failures] == ["no such package"]
        job.account.rows("progress").rows.clear()  # storage forgets
        await soon(lambda: job.failures, 10)
        await asyncio.sleep(30)
        assert 5 <= len(job.nudges.messages) <= 8
        assert not job.visible(job.tickets)
        assert "cannot work on the job (environment): no such package" in job.node_log()
        job.end()
        await soon(lambda: job.node and job.node.state is NodeState.IDLE, 5)

    with_a_node(PlayedJob(tmp_path), work)


def test_results_that_cannot_be_written_fail_the_job(tmp_path: Path) -> None:
    async def work(job: PlayedJob, _: Node) -> None:
        job.account.blobs.fail["stage_block"] = [UNAVAILABLE]
        await soon(lambda: job.failures)
        assert [failure.step for failure in job.failures] == ["output"]
        await asyncio.sleep(5)
        assert not any(process.is_running for process in job.processes)

    with_a_node(PlayedJob(tmp_path), work)


def test_the_app_hears_of_a_failure_although_the_files_of_the_script_take_their_time(tmp_path: Path) -> None:
    async def work(job: PlayedJob, _: Node) -> None:
        await soon(lambda: len(job.processes) == 2)
        job.account.blobs.fail["put"] = [asyncio.Event()] * 10
        (job.settings.folder / "process000" / "output" / "large").touch()
        await soon(lambda: job.failures and job.nudges.messages, 5)
        assert [failure.message for failure in job.failures] == ["no run()"]
        await soon(lambda: "put" in job.account.blobs.calls)
        job.end()

    job = PlayedJob(tmp_path, 2, seconds=1000)
    job.is_second_unusable = True
    with_a_node(job, work)


@pytest.mark.parametrize("steps", range(16))
def test_a_node_that_leaves_at_the_moment_when_its_job_is_over_leaves_no_process(tmp_path: Path, steps: int) -> None:
    async def work(job: PlayedJob, node: Node) -> None:
        await soon(lambda: len(job.processes) == 2)
        await asyncio.sleep(3)
        real, noticed = job.queue.meet, asyncio.Event()

        async def meet(call: str) -> None:
            noticed.set()
            await real(call)

        job.queue.meet = meet  # type: ignore[method-assign]
        job.end()
        await noticed.wait()
        for _ in range(steps):
            await asyncio.sleep(0)
        node.leave()

    with_a_node(PlayedJob(tmp_path, 2, seconds=1000), work)


def test_a_defect_of_the_work_fails_the_job_and_not_the_node(tmp_path: Path) -> None:
    async def work(job: PlayedJob, _: Node) -> None:
        job.problem_of_preparation = ZeroDivisionError("a defect")
        await soon(lambda: job.failures)
        assert job.failures[0].message == "the node failed: ZeroDivisionError: a defect"
        job.end()
        await soon(lambda: job.node and job.node.state is NodeState.IDLE)

    with_a_node(PlayedJob(tmp_path), work)


def test_a_node_that_lost_its_ticket_goes_on_unless_another_live_node_has_its_number(tmp_path: Path) -> None:
    async def work(job: PlayedJob, _: Node) -> None:
        await soon(lambda: len(job.finished) > 3)
        job.tickets.messages[0].receipt = "of another node"
        await asyncio.sleep(LEASE)
        before = len(job.finished)
        await asyncio.sleep(5)
        assert len(job.finished) > before
        now = datetime.now(UTC)
        row = NodeRow(
            compute="cpu", node_id="n", state=NodeState.RUNNING, since=now, heartbeat=now, job_id=JOB, ticket=0
        )
        job.account.rows("nodes").set("cpu", "n", row)
        await soon(lambda: job.node and job.node.state is NodeState.IDLE, 10)
        assert len(job.visible(job.queue)) == len(job.queue.messages)
        assert "another node works under ticket 0; this one leaves the job" in job.node_log()

    with_a_node(PlayedJob(tmp_path, 300), work)


def test_a_defect_outside_the_work_ends_the_node_after_everything_went_back(tmp_path: Path) -> None:
    job = PlayedJob(tmp_path, 8, seconds=100)

    async def work() -> None:
        node = Node(job.settings, job.account, start_process=job.start, prepare=job.prepare)
        job.send_ticket()
        activity = asyncio.ensure_future(node.run())
        job.account.rows("progress").fail["insert"] = [ZeroDivisionError("a defect of the pen")]
        with pytest.raises(ZeroDivisionError):
            async with asyncio.timeout(60):
                await activity
        assert any(message.dequeues for message in job.queue.messages)
        assert (len(job.visible(job.queue)), len(job.visible(job.tickets))) == (8, 1)
        assert not any(process.is_running for process in job.processes)

    run(work())
