import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scorer_container.node.held import HeldTask, Lease, Work
from scorer_container.node.processes.worker import Worker, WorkerParts
from scorer_container.node.reporting.failure import fatal
from scorer_container.node.reporting.pen import WorkerProgress
from scorer_container.node.tasks.fetch import FetchedMiniBatch
from scorer_container.node.tasks.mini_batches import LocalFile, MiniBatch
from scorer_container.node.tasks.prefetch import PoisonousTask, QueuedMiniBatch
from scorer_container.node.tasks.results import ItemError, MiniBatchResult
from scorer_container.node.tasks.scored import ScoredTask
from scorer_container.node.tasks.task_folder import TaskFolder, TaskFolders
from shared.contracts.messages import TaskMessage
from tests.unit.scorer.node.stored import MemoryQueue, soon
from tests.unit.scorer.node.tasks.scored_tasks import JOB, Telemetry, Trace, held
from tests.unit.scorer.node.virtual_time import run

pytestmark = pytest.mark.unit


class Pen:
    """Notes every state."""

    def __init__(self) -> None:
        self.states = [WorkerProgress()]
        self.failures: list[Any] = []

    @property
    def progress(self) -> WorkerProgress:
        return self.states[-1]

    def update(self, **changes: Any) -> None:
        self.states.append(WorkerProgress(**{**vars(self.progress), **changes}))

    def fatal(self, failure: Any) -> None:
        self.failures.append(failure)


class Place:
    """A worker, and everything that it works with."""

    def __init__(self) -> None:
        self.pen, self.ready = Pen(), 0
        self.queued: deque[QueuedMiniBatch | PoisonousTask] = deque()
        self.submitted: list[ScoredTask] = []
        self.traces: list[Trace] = []
        self.results: list[MiniBatchResult | Exception | None] = []
        self.scored_files: list[str] = []
        self.problem_of_init: Exception | None = None
        self.busy_seconds = 0.0
        worker: Any = Worker
        self.worker: Worker = worker(
            self,
            self,
            WorkerParts(JOB, self._mini_batch, self, self),  # type: ignore[arg-type] # this place plays all of them
            prefetcher=SimpleNamespace(is_filled=False, filled=self._filled, next=self._next, scored=lambda _: None),
            files=None,
            pen=self.pen,
            on_ready=self._is_ready,
        )
        self._submitting = asyncio.Event()
        self._submitting.set()

    def queue(self, task: HeldTask, *batches: Sequence[str]) -> None:
        folder = TaskFolder("/nowhere", TaskFolders(Path("/nowhere")))
        for number, names in enumerate(batches):
            fetched = FetchedMiniBatch(MiniBatch(number, names), folder)
            for index, name in enumerate(names):
                fetched.set(index, LocalFile(name, f"/nowhere/{name}"), 1)
            self.queued.append(QueuedMiniBatch(task, fetched, number == 0, number == len(batches) - 1))

    async def score(
        self, _batch: MiniBatch, files: Sequence[LocalFile], on_file: Callable[[], None]
    ) -> MiniBatchResult:
        """Plays the scorer: each file succeeds, unless something else was said."""
        self.busy_seconds += 1
        result = self.results.pop(0) if self.results else MiniBatchResult(rows=len(files), succeeded=len(files))
        if isinstance(result, Exception):
            raise result
        if result is None:
            await asyncio.Event().wait()
            raise AssertionError
        for file in files:
            self.scored_files.append(file.name)
            on_file()
        return result

    async def submit(self, task: ScoredTask) -> None:
        """Plays the uploader."""
        await self._submitting.wait()
        self.submitted.append(task)

    def full(self) -> None:
        self._submitting.clear()

    def task_begins(self, _task: HeldTask) -> Trace:
        self.traces.append(Trace())
        return self.traces[-1]

    mini_batch_ends = Telemetry.mini_batch_ends

    def _is_ready(self) -> None:
        self.ready += 1

    async def _filled(self) -> None:
        await soon(lambda: self.queued, 1e9)

    async def _next(self) -> QueuedMiniBatch | PoisonousTask:
        await self._filled()
        return self.queued.popleft()

    @staticmethod
    async def _mini_batch(number: int) -> MiniBatch:
        return MiniBatch(number, [f"{number}-a", f"{number}-b"])

    async def slot_ready(self) -> None:
        if self.problem_of_init:
            raise self.problem_of_init


# The place plays the slot as well, whose `ready` is a coroutine, while `ready` above counts.
def working(work: Callable[[Place], Awaitable[None]]) -> None:
    async def both() -> None:
        place = Place()
        place.worker._slot = SimpleNamespace(ready=place.slot_ready)  # type: ignore[assignment]
        activity = asyncio.ensure_future(place.worker.run())
        await work(place)
        activity.cancel()
        await asyncio.wait({activity})
        assert place.ready == 1

    run(both())


def test_a_task_is_passed_on_when_its_last_mini_batch_is_scored() -> None:
    async def work(place: Place) -> None:
        task = await held(4)
        place.queue(task, ["a", "b"], ["c"])
        place.queue(await held(5), ["d"])
        place.results = [
            MiniBatchResult(rows=2, succeeded=2, payloads=[b"1\n2\n"]),
            MiniBatchResult(errors=[ItemError(1, 3, "ValueError", "bad", "c")]),
        ]
        await asyncio.sleep(5)
        first, second = place.submitted
        assert (first.number, second.number, task.work) == (4, 5, Work.SCORED)
        assert (first.result.rows, first.result.succeeded, first.result.failed) == (2, 2, 1)
        assert place.scored_files == ["a", "b", "c", "d"]
        assert place.pen.progress.tasks_finished == 2

    working(work)


def test_the_files_of_a_scored_mini_batch_are_removed_before_the_task_is_done(tmp_path: Path) -> None:
    async def work(place: Place) -> None:
        (tmp_path / "a").touch()
        fetched = FetchedMiniBatch(MiniBatch(0, ["a"]), TaskFolder(str(tmp_path), TaskFolders(tmp_path)))
        fetched.set(0, LocalFile("a", str(tmp_path / "a")), 1)
        place.queued.append(QueuedMiniBatch(await held(4), fetched, True, False))
        await asyncio.sleep(1)
        assert (place.scored_files, (tmp_path / "a").exists()) == (["a"], False)

    working(work)


def test_what_the_process_does_is_reported_file_by_file() -> None:
    async def work(place: Place) -> None:
        place.queue(await held(4), ["a", "b"])
        await asyncio.sleep(0.3)
        seen = [(state.current_task, state.current_file, state.done) for state in place.pen.states]
        assert list(dict.fromkeys(seen))[2:5] == [(4, "a", 0), (4, "a", 1), (4, "a", 2)]
        assert max(state.done for state in place.pen.states) == 2, "no file is counted twice"
        assert place.pen.progress.busy_seconds == 1
        await asyncio.sleep(1)
        assert (place.pen.progress.current_task, place.pen.progress.done) == (-1, 0)

    working(work)


def test_a_task_that_was_delivered_before_is_noted_as_begun_before_it_is_scored() -> None:
    async def work(place: Place) -> None:
        queue = MemoryQueue()
        task = await held(4, queue, starts=1)
        place.results = [None]
        place.queue(task, ["a"])
        await asyncio.sleep(5)
        assert TaskMessage.model_validate_json(queue.messages[0].text).starts == 2
        assert task.work is Work.SCORING

    working(work)


def test_all_files_of_a_poisonous_task_fail_with_the_reason() -> None:
    async def work(place: Place) -> None:
        place.queued.append(PoisonousTask(await held(4, starts=4)))
        await asyncio.sleep(5)
        (task,) = place.submitted
        assert (task.result.failed, task.result.succeeded, place.scored_files) == (2, 0, [])
        task.result.errors.seek(0)
        errors = task.result.errors.read().decode()
        assert "at least 4 nodes were lost while they scored task 4; it is not tried again" in errors
        assert '"file": "4-b"' in errors

    working(work)


def test_a_task_in_the_middle_is_let_go_when_the_job_ends() -> None:
    async def work(place: Place) -> None:
        place.results = [MiniBatchResult(), None]
        task = await held(4)
        place.queue(task, ["a"], ["b"])
        await asyncio.sleep(5)
        place.worker_task = task  # type: ignore[attr-defined]

    async def both() -> None:
        place = Place()
        place.worker._slot = SimpleNamespace(ready=place.slot_ready)  # type: ignore[assignment]
        activity = asyncio.ensure_future(place.worker.run())
        await work(place)
        activity.cancel()
        await asyncio.wait({activity})
        assert [trace.ended for trace in place.traces] == ["given back"]
        assert place.worker_task.lease is Lease.HELD  # type: ignore[attr-defined] # the job's scope gives it back

    run(both())


def test_a_task_that_waits_for_an_upload_is_let_go_when_the_job_ends() -> None:
    async def work(place: Place) -> None:
        place.full()
        place.queue(await held(4), ["a"])
        await asyncio.sleep(5)
        assert place.submitted == []

    working(work)


@pytest.mark.parametrize(
    ("error", "step", "message"),
    [
        (fatal("init", "init() raised OSError"), "init", "init() raised OSError"),
        (ZeroDivisionError("a defect"), "node", "the node failed: ZeroDivisionError: a defect"),
    ],
)
def test_a_process_that_cannot_work_ends_the_work_with_its_own_row_saying_why(
    error: Exception, step: str, message: str
) -> None:
    async def work() -> None:
        for when in ("init", "run"):
            place = Place()
            place.worker._slot = SimpleNamespace(ready=place.slot_ready)  # type: ignore[assignment]
            place.problem_of_init = error if when == "init" else None
            place.results = [error]
            place.queue(await held(4), ["a"])
            with pytest.raises(type(error)):
                await place.worker.run()
            (failure,) = place.pen.failures
            assert (failure.step, failure.message) == (step, message)

    run(work())
