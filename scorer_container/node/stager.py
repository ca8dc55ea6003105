"""Writes the results of finished tasks while the next ones are scored."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import BinaryIO, Protocol

from scorer_container.node.columns_claim import ColumnsClaim
from scorer_container.node.failure import FatalProblemError, fatal, node_defect
from scorer_container.node.job_telemetry import JobTelemetry
from scorer_container.node.output_files import OutputFiles
from scorer_container.node.sources import Sources
from scorer_container.node.task_source import TaskSource
from scorer_container.node.work import HeldTask
from shared.contracts.job_spec import OutputSpec
from shared.contracts.progress import JobFailure
from shared.storage.hot_path.blobs import HotBlobs
from shared.storage.hot_path.errors import HotPathError, LeaseLostError, QueueGoneError, StoppedError
from shared.storage.ledger import EMPTY_BLOCK, TaskBlock
from shared.storage.output_ledger import header_block, header_digest, header_line

_THREADS = 4
_AGAIN_AFTER_SECONDS = 2.0
"""After this, the next task stages the header again, in case storage lost it; tasks without it are scored again."""


class RowBlocks(Protocol):
    """Makes the blocks of an output whose merge needs more than the rows."""

    def stage(self, task: HeldTask) -> tuple[TaskBlock, BinaryIO]:
        """Stage what else the merge needs; return tally and content of the rows' block for the caller to stage.

        Raise HotPathError.
        """
        ...


class CsvBlocks:
    """Makes the block of a task of a CSV file and stages the header for its rows."""

    def __init__(self, blobs: HotBlobs, output: OutputSpec, columns: ColumnsClaim) -> None:
        """`blobs` is the client of the output's account."""
        self._blobs = blobs
        self._output = output
        self._columns = columns
        self._staged_at = float("-inf")

    def stage(self, task: HeldTask) -> tuple[TaskBlock, BinaryIO]:
        """Return the tally and the content of the block for the caller to stage; raise HotPathError."""
        header = header_line(self._columns.agreed()["columns"])
        digest = header_digest(header)
        if header and time.monotonic() - self._staged_at > _AGAIN_AFTER_SECONDS:
            self._stage(header_block(digest), header)
        return replace(task.block, digest=digest), task.result.output

    def _stage(self, block_id: str, header: bytes) -> None:
        self._blobs.stage_block(self._output.folder.container, self._output.file_path, block_id, header)
        self._staged_at = time.monotonic()


class Stager:
    """Stages a task's block on the ledger and then acknowledges the task (shared/contracts/messages.py).

    The order is: the script's own files, a CSV file's header or what a Parquet footer must say, the failed items, the
    rows, the deletion of the message. If the node dies between two of them, the task is delivered again, and nothing is
    counted twice.
    """

    def __init__(
        self,
        sources: Sources,
        output: OutputSpec,
        tasks: TaskSource,
        telemetry: JobTelemetry,
        *,
        blocks: RowBlocks | None,
        on_failure: Callable[[JobFailure], None],
    ) -> None:
        """Pass `blocks` for an output whose merge needs more than the rows.

        `on_failure` is called when results cannot be written.
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
        """Stage `task`, which took `seconds` of a process; wait first while too many tasks are being staged."""
        self._room.acquire()
        self._pool.submit(self._run, task, files, seconds)

    def close(self) -> None:
        """Wait for the tasks that are being staged."""
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
