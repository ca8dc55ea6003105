"""Writes the results of finished tasks while the next ones are scored."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, Protocol

from scorer_container.node.failure import FatalProblemError, fatal, node_defect
from scorer_container.node.job_telemetry import JobTelemetry
from scorer_container.node.output_files import OutputFiles
from scorer_container.node.sources import Sources
from scorer_container.node.task_source import TaskSource
from scorer_container.node.work import HeldTask
from shared.contracts.job_spec import OutputSpec
from shared.contracts.progress import JobFailure
from shared.storage.hot_path.errors import HotPathError, LeaseLostError, QueueGoneError, StoppedError
from shared.storage.ledger import EMPTY_BLOCK, TaskBlock

_THREADS = 4


class RowBlocks(Protocol):
    """Makes blocks of an output whose merge needs more than the rows."""

    def stage(self, task: HeldTask) -> tuple[TaskBlock, BinaryIO]:
        """Stage what else the merge needs of a task; returns the block of its rows, for the caller to stage.

        Raises HotPathError.
        """
        ...


class Stager:
    """Stages a task's block on the ledger and then acknowledges the task (shared/contracts/messages.py).

    In this order: the script's own files, a CSV file's header or what a Parquet footer must say, the failed items, the
    rows, the deletion of the message. Whatever happens between two of them, the task is delivered again and nothing is
    counted twice.
    """

    def __init__(
        self,
        sources: Sources,
        output: OutputSpec,
        tasks: TaskSource,
        telemetry: JobTelemetry,
        *,
        blocks: "RowBlocks | None",
        on_failure: Callable[[JobFailure], None],
    ) -> None:
        """`blocks` for an output whose rows are not all that the merge needs.

        `on_failure` hears when results cannot be written.
        """
        self._blobs = sources.blobs(output.folder)
        self._output = output
        self._row_blocks = blocks
        self._tasks = tasks
        self._telemetry = telemetry
        self._on_failure = on_failure
        self._pool = ThreadPoolExecutor(_THREADS, "stager")
        self._room = threading.Semaphore(2 * _THREADS)

    def submit(self, task: HeldTask, files: OutputFiles, seconds: float) -> None:
        """Stage `task`, which took `seconds` of a process; waits while too many are under way."""
        self._room.acquire()
        self._pool.submit(self._run, task, files, seconds)

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown(wait=True)

    def _run(self, task: HeldTask, files: OutputFiles, seconds: float) -> None:
        try:
            self._stage(task, files)
            if self._acknowledge(task):
                self._telemetry.task_completed(task)
            self._tasks.done(task, seconds)
        except StoppedError:
            self._tasks.give_back(task)
        except FatalProblemError as error:
            self._tasks.give_back(task)
            self._on_failure(error.failure)
        except (HotPathError, OSError) as error:
            self._tasks.give_back(task)
            message = f"the results of task {task.task.task} cannot be written: {' '.join(str(error).split())}"
            self._on_failure(fatal("output", message, error_type=type(error).__name__).failure)
        except Exception as error:  # a defect of ours must end the job with a reason, never leave the task leased
            self._tasks.give_back(task)
            self._on_failure(node_defect(error))
        finally:
            task.result.close()
            self._room.release()

    def _stage(self, task: HeldTask, files: OutputFiles) -> None:
        files.upload()
        container, result = self._output.folder.container, task.result
        block, rows = self._block(task)
        if result.failed:
            self._blobs.stage_block(container, self._output.errors_path, block.block_id, result.errors)
        self._blobs.stage_block(container, self._output.file_path, block.block_id, rows)

    def _block(self, task: HeldTask) -> tuple[TaskBlock, bytes | BinaryIO]:
        if not task.result.rows:
            return task.block, EMPTY_BLOCK
        return self._row_blocks.stage(task) if self._row_blocks else (task.block, task.result.output)

    @staticmethod
    def _acknowledge(task: HeldTask) -> bool:
        try:
            task.delete()
        except (LeaseLostError, QueueGoneError):
            return False  # somebody else has the task now, or the job is over: the block counts either way
        return True
