import asyncio
import errno
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from scorer_container.node.held import HeldTask, Lease
from scorer_container.node.reporting.failure import FatalProblemError, failure_of, node_defect
from scorer_container.node.scope import Scope
from scorer_container.node.storage.errors import StorageRefusedError
from scorer_container.node.tasks.scored import ScoredTask
from scorer_container.node.tasks.upload import Uploader
from shared.contracts.job_spec import OutputSpec
from shared.errors import NotFoundError
from shared.storage.ledger import EMPTY_BLOCK
from tests.unit.scorer.node.processes.scripted_process import PLACE
from tests.unit.scorer.node.stored import MemoryBlobs, MemoryQueue
from tests.unit.scorer.node.tasks.scored_tasks import Telemetry, scored
from tests.unit.scorer.node.virtual_time import run

pytestmark = pytest.mark.unit

OUTPUT = OutputSpec(folder=PLACE, file_name="predictions.csv")


class Uploading:
    """An uploader in a scope."""

    def __init__(self, blocks: Any = None) -> None:
        self.blobs, self.telemetry, self.done = MemoryBlobs(), Telemetry(), list[HeldTask]()
        self.scope: Scope[Any] = Scope()
        telemetry: Any = self.telemetry
        self.uploader = Uploader(
            self.blobs,
            OUTPUT,
            self.scope,
            telemetry,
            blocks=blocks,
            on_done=lambda task, _: self.done.append(task),
        )

    async def upload(self, *tasks: ScoredTask) -> None:
        async with self.scope:
            for task in tasks:
                await self.uploader.submit(task)
            await self.scope.drained(60)


def test_a_task_without_rows_has_an_empty_block_and_one_with_rows_its_own() -> None:
    async def work() -> None:
        place = Uploading()
        tasks = [await scored(1), await scored(2, rows=[b"a\n", b"b\n"])]
        await place.upload(*tasks)
        assert list(place.blobs.staged[OUTPUT.file_path].values()) == [EMPTY_BLOCK, b"a\nb\n"]
        assert list(place.blobs.staged[OUTPUT.file_path]) == [task.block.block_id for task in tasks]
        assert place.done == [task.held for task in tasks]
        assert place.telemetry.completed == [1, 2]

    run(work())


def test_everything_that_the_merge_needs_is_written_before_the_rows_and_the_message_is_deleted_last() -> None:
    async def work() -> None:
        order: list[str] = []

        class Blocks:
            async def stage(self, task: ScoredTask) -> Any:
                order.append("footer")
                return replace(task.block, digest="0123abcd"), task.result.output

        class Blobs(MemoryBlobs):
            async def stage_block(self, container: str, name: str, block_id: str, body: Any) -> None:
                await super().stage_block(container, name, block_id, body)
                order.append(name.rpartition("/")[2])

        class Queue(MemoryQueue):
            async def delete(self, message: Any) -> None:
                await super().delete(message)
                order.append("deletion")

        async def upload() -> None:
            order.append("own files")

        place = Uploading(Blocks())
        place.uploader._blobs = Blobs()
        task = await scored(rows=[b"a\n"], failed=["x"], queue=Queue())
        await place.upload(replace(task, files=SimpleNamespace(upload=upload)))
        assert order == ["own files", "footer", "errors.jsonl", "predictions.csv", "deletion"]

    run(work())


@pytest.mark.parametrize(
    ("error", "step", "message"),
    [
        (OSError("no space left"), "output", "the results of task 7 cannot be written: no space left"),
        (
            StorageRefusedError("HTTP 403", status=403, storage_code=""),
            "output",
            "the results of task 7 cannot be written: HTTP 403",
        ),
        (NotFoundError("datastore 'd' is gone"), "output", "the results of task 7 cannot be written: datastore 'd' is"),
        (ZeroDivisionError("a defect"), "node", "the node failed: ZeroDivisionError: a defect"),
    ],
)
def test_a_task_whose_results_cannot_be_staged_stays_held_and_ends_the_job_with_the_reason(
    error: Exception, step: str, message: str
) -> None:
    async def work() -> None:
        place = Uploading()
        place.blobs.fail["stage_block"] = [error]
        task = await scored()
        await place.upload(task)
        assert isinstance(place.scope.reason, Exception)
        failure = failure_of(place.scope.reason)
        assert (failure.step, failure.message.startswith(message)) == (step, True)
        assert (task.held.lease, place.done, task.trace.ended) == (Lease.HELD, [], "given back")
        assert task.result.output.closed

    run(work())


def test_a_file_of_the_script_that_cannot_be_kept_ends_the_job_with_its_own_reason() -> None:
    async def work() -> None:
        async def upload() -> None:
            raise FatalProblemError(node_defect(ValueError("of the file")))

        place = Uploading()
        await place.upload(replace(await scored(), files=SimpleNamespace(upload=upload)))
        assert "of the file" in str(place.scope.reason)
        assert place.blobs.staged == {}

    run(work())


def test_a_block_of_a_task_that_another_node_has_by_now_counts_but_is_not_counted_here() -> None:
    async def work() -> None:
        place, queue = Uploading(), MemoryQueue()
        task = await scored(queue=queue)
        queue.messages[0].receipt = "of the other node"
        await place.upload(task)
        assert len(place.blobs.staged) == 1
        assert (place.done, place.telemetry.completed) == ([task.held], [])
        assert (place.scope.reason, task.held.lease) == (None, Lease.LOST)

    run(work())


def test_a_worker_waits_while_too_many_uploads_are_under_way() -> None:
    async def work() -> None:
        place = Uploading()
        gate = asyncio.Event()
        place.blobs.fail["stage_block"] = [gate] * 100
        async with place.scope:
            submissions = [asyncio.ensure_future(place.uploader.submit(await scored(n))) for n in range(12)]
            await asyncio.sleep(1)
            assert sum(one.done() for one in submissions) == 8
            gate.set()
            await asyncio.wait(submissions)
            await place.scope.drained(60)
        assert len(place.done) == 12

    run(work())


def test_an_upload_that_is_canceled_leaves_its_task_held() -> None:
    async def work() -> None:
        place = Uploading()
        place.blobs.fail["stage_block"] = [asyncio.Event()]
        task = await scored()
        async with place.scope:
            await place.uploader.submit(task)
            await asyncio.sleep(1)
        assert (task.held.lease, task.trace.ended) == (Lease.HELD, "given back")

    run(work())


def test_a_full_disk_is_told_as_such() -> None:
    failure = node_defect(OSError(errno.ENOSPC, "No space left on device"))
    assert failure.message.startswith("the node's disk is full ([Errno 28] No space left on device): ")
