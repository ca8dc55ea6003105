"""A node from its row to its leaving; its jobs are tried in jobs/test_run.py."""

import asyncio
from pathlib import Path

import pytest

from scorer_container.node.node import Node
from shared.contracts.progress import NodeState
from shared.storage.blobs import spec_name
from tests.unit.scorer.node.jobs.played_job import LEASE, PlayedJob
from tests.unit.scorer.node.stored import UNAVAILABLE, Blob, soon
from tests.unit.scorer.node.virtual_time import loop, run

pytestmark = pytest.mark.unit


def a_node(job: PlayedJob) -> "tuple[Node, asyncio.Future[None]]":
    node = Node(job.settings, job.account, start_process=job.start, prepare=job.prepare)
    return node, asyncio.ensure_future(node.run())


def test_a_node_announces_itself_and_takes_its_row_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    async def work() -> None:
        job = PlayedJob(tmp_path)
        node, activity = a_node(job)
        await soon(lambda: job.node)
        await asyncio.sleep(1)
        assert job.tickets.calls.count("receive") >= 4
        node.leave()
        await activity
        assert job.node is None

    run(work())
    assert caplog.messages == ["node node-0: is ready", "node node-0: has left"]


def test_a_node_waits_for_storage_before_it_takes_tickets(tmp_path: Path) -> None:
    async def work() -> None:
        job = PlayedJob(tmp_path)
        job.account.rows("nodes").fail["insert"] = [UNAVAILABLE] * 20
        job.send_ticket()
        node, activity = a_node(job)
        await asyncio.sleep(15)
        assert (job.tickets.calls, activity.done()) == ([], False)
        await soon(lambda: job.finished)
        node.leave()
        await activity

    run(work())


def test_a_node_that_is_told_to_leave_while_storage_hangs_ends_within_seconds(tmp_path: Path) -> None:
    async def work() -> None:
        job = PlayedJob(tmp_path, seconds=100)
        job.send_ticket()
        node, activity = a_node(job)
        await soon(lambda: job.processes)
        never = asyncio.Event()
        for place in (job.queue, job.tickets, job.account.blobs, *job.account.tables.values()):
            place.fail = {
                call: [never] * 1000
                for call in ("renew", "receive", "exists", "insert", "replace", "delete", "find", "put", "stage_block")
            }
        await asyncio.sleep(20)
        began = loop().time()
        node.leave()
        await activity
        assert loop().time() - began < 25

    run(work())


def test_a_node_that_the_app_sends_away_gives_a_ticket_back_before_it_begins(tmp_path: Path) -> None:
    async def work() -> None:
        job = PlayedJob(tmp_path)
        _, activity = a_node(job)
        await soon(lambda: job.node)
        leaving = job.node.model_copy(update={"state": NodeState.LEAVING})  # type: ignore[union-attr]
        job.account.rows("nodes").set("cpu", "node-0", leaving)
        job.send_ticket()
        await activity
        assert (job.prepared, len(job.visible(job.tickets)), job.node) == (0, 1, None)

    run(work())


def test_the_ticket_of_a_job_without_a_spec_is_deleted(tmp_path: Path) -> None:
    async def work() -> None:
        job = PlayedJob(tmp_path)
        job.account.blobs.blobs.clear()
        job.send_ticket()
        node, activity = a_node(job)
        await soon(lambda: not job.tickets.messages)
        node.leave()
        await activity

    run(work())


def test_a_spec_that_cannot_be_read_fails_its_job_and_the_ticket_is_left_alone_for_a_while(tmp_path: Path) -> None:
    async def work() -> None:
        job = PlayedJob(tmp_path)
        job.account.blobs.blobs[spec_name(job.spec.job_id)] = Blob(b"{}", "s")
        job.send_ticket()
        node, activity = a_node(job)
        await soon(lambda: job.failures)
        assert job.failures[0].step == "node"
        await asyncio.sleep(LEASE - 5)
        assert job.tickets.messages[0].dequeues == 1
        node.leave()
        await activity

    run(work())


def test_a_spec_that_storage_does_not_give_is_asked_for_again(tmp_path: Path) -> None:
    async def work() -> None:
        job = PlayedJob(tmp_path)
        job.account.blobs.fail["read"] = [UNAVAILABLE]
        job.send_ticket()
        node, activity = a_node(job)
        await soon(lambda: len(job.finished) == 3)
        node.leave()
        await activity

    run(work())
