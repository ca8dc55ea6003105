"""The job's task queue, as the scoring lanes see it."""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from pydantic import ValidationError

from scorer_container.node.lease_keeper import LeaseKeeper
from scorer_container.node.vital_thread import VitalThread
from scorer_container.node.work import HeldTask
from shared.storage.hot_path.errors import HotPathError, LeaseLostError, QueueGoneError
from shared.storage.hot_path.queue import HotQueue, Received

_AHEAD_SECONDS = 0.5
_MOST_MESSAGES = 32
"""Messages of one receive: Azure's limit."""
_SHORTEST_POLL = 0.1
_LONGEST_POLL = 1.0


class TaskSource:
    """Receives tasks ahead of need: about half a second of work for each process, never more than the lanes want."""

    def __init__(
        self,
        queue: HotQueue,
        job_id: str,
        keeper: LeaseKeeper,
        lease_seconds: int,
        *,
        on_gone: Callable[[], None],
        on_idle: Callable[[], None],
        log: Callable[[str], None],
    ) -> None:
        """`on_gone` is called when the queue was deleted, `on_idle` when it is empty and no task of it is in hand."""
        self._queue = queue
        self._job_id = job_id
        self._keeper = keeper
        self._lease_seconds = lease_seconds
        self._on_gone = on_gone
        self._on_idle = on_idle
        self._log = log
        self._ready: deque[HeldTask] = deque()
        self._out: set[HeldTask] = set()
        """Tasks that lanes hold, until their results are staged."""
        self._wanting: set[int] = set()
        self._in_hand = 0
        self._seconds_per_task = _AHEAD_SECONDS
        self._lanes = 1
        self._changed = threading.Condition()
        self._closed = False
        self._thread = VitalThread(target=self._run, name="tasks", daemon=True)

    def start(self, lanes: int) -> None:
        """Start to receive for `lanes` scoring lanes."""
        self._lanes = lanes
        self._thread.start()

    def take(self, lane: int, timeout: float) -> HeldTask | None:
        """Return the next task, or None after `timeout` seconds; lane `lane` counts as waiting until it gets one.

        A suspect task runs alone on the node: if it takes the node down, no other task is lost.
        """
        with self._changed:
            if not self._is_next_free():
                self._wanting.add(lane)
                self._changed.notify_all()
                if timeout > 0:
                    self._changed.wait_for(lambda: self._is_next_free() or self._closed, timeout)
            if not self._is_next_free() or self._closed:
                return None
            self._wanting.discard(lane)
            task = self._ready.popleft()
            self._out.add(task)
            self._changed.notify_all()
            return task

    def begin(self, task: HeldTask) -> None:
        """Note that a scoring process begins with `task`."""
        try:
            task.begin(self._lease_seconds)
        except (LeaseLostError, QueueGoneError):
            return  # somebody else has the task now, or the job is over
        except HotPathError as error:
            self._log(f"the beginning of task {task.task.task} could not be noted: {error}")

    def done(self, task: HeldTask, seconds: float) -> None:
        """Note that `task` is staged and deleted; it took `seconds` of a process."""
        self._keeper.release(task)
        with self._changed:
            self._leaves(task)
            self._seconds_per_task = 0.7 * self._seconds_per_task + 0.3 * seconds

    def give_back(self, task: HeldTask) -> None:
        """Return `task` to the queue for another node."""
        if task.trace:
            task.trace.ends(task.result, "given back")
        self._keeper.release(task)
        with self._changed:
            self._leaves(task)
        try:
            task.give_back()
        except (LeaseLostError, QueueGoneError):
            return
        except HotPathError as error:
            self._log(f"task {task.task.task} could not be given back, its lease will end: {error}")

    def stop(self) -> None:
        """Stop receiving and wake the lanes that wait for a task."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def close(self) -> None:
        """Stop receiving and give back the tasks that no lane took."""
        self.stop()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()
        while self._ready:
            self.give_back(self._ready.popleft())

    def _is_next_free(self) -> bool:
        if not self._ready or any(task.is_suspect for task in self._out):
            return False
        return not (self._out and self._ready[0].is_suspect)

    def _leaves(self, task: HeldTask) -> None:
        self._in_hand -= 1
        self._out.discard(task)
        self._changed.notify_all()

    def _run(self) -> None:
        poll = _SHORTEST_POLL
        while not self._closed:
            count = self._wait_for_demand()
            if count == 0:
                return
            try:
                messages = self._queue.receive(count, self._lease_seconds)
            except QueueGoneError:
                self._on_gone()
                return
            except HotPathError as error:
                self._log(f"no task could be received: {error}")
                messages = []
            poll = _SHORTEST_POLL if messages else min(poll * 1.5, _LONGEST_POLL)
            self._add(messages)
            if not messages:
                self._rest(poll)

    def _wait_for_demand(self) -> int:
        """Wait until messages are wanted; return how many, or 0 if the source was closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._demand() > 0)
            return 0 if self._closed else min(self._demand(), _MOST_MESSAGES)

    def _demand(self) -> int:
        ahead = int(_AHEAD_SECONDS * self._lanes / max(self._seconds_per_task, 0.001))
        target = min(ahead, _MOST_MESSAGES) if self._wanting or ahead > self._lanes else 0
        return max(len(self._wanting), target) - len(self._ready)

    def _add(self, messages: list[Received]) -> None:
        for message in messages:
            task = self._opened(message)
            if task is None:
                continue
            self._keeper.hold(task)
            with self._changed:
                self._ready.append(task)
                self._in_hand += 1
                self._changed.notify_all()

    def _opened(self, message: Received) -> HeldTask | None:
        try:
            return HeldTask(self._queue, message, self._job_id)
        except ValidationError as error:
            self._log(f"a message on {self._queue.name} is no task and is deleted: {' '.join(str(error).split())}")
            with suppress(HotPathError):  # then it comes again
                self._queue.delete(message)
            return None

    def _rest(self, seconds: float) -> None:
        """Wait after an empty answer; report at once when the last task in hand is done."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._in_hand == 0, seconds)
            idle = self._in_hand == 0 and not self._closed
        if idle:
            self._on_idle()
            with self._changed:
                self._changed.wait_for(lambda: self._closed, seconds)
