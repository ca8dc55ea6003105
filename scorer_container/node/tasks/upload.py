"""Writes the results of finished tasks while the next ones are scored."""

import asyncio
from collections.abc import Callable
from typing import Any, BinaryIO, Protocol

from scorer_container.node.held import HeldTask, Work
from scorer_container.node.reporting.failure import fatal
from scorer_container.node.scope import Scope
from scorer_container.node.storage.blobs import Blobs
from scorer_container.node.tasks.scored import ScoredTask
from scorer_container.node.tasks.telemetry import JobTelemetry
from shared.contracts.job_spec import OutputSpec
from shared.errors import ProductError
from shared.storage.ledger import EMPTY_BLOCK, TaskBlock

_MOST_AT_A_TIME = 8


class RowBlocks(Protocol):
    """Makes the blocks of an output whose merge needs more than the rows."""

    async def stage(self, task: ScoredTask) -> tuple[TaskBlock, bytes | BinaryIO]:
        """Stage what else the merge needs; return tally and content of the rows' block for the caller to stage.

        Raise StorageError.
        """
        ...


class Uploader:
    """Stages a task's block on the ledger and then acknowledges the task, in the order that held.py states.

    A task whose results cannot be written ends the scope of the uploads with a FatalProblemError.
    """

    def __init__(
        self,
        blobs: Blobs,
        output: OutputSpec,
        uploads: Scope[Any],
        telemetry: JobTelemetry,
        *,
        blocks: RowBlocks | None,
        on_done: Callable[[HeldTask, float], None],
    ) -> None:
        """Write with `blobs`, the client of the output's account, in activities of the scope `uploads`.

        Pass `blocks` for an output whose merge needs more than the rows. `on_done` is called with each task that is
        staged, and the seconds that a process spent with it.
        """
        self._blobs = blobs
        self._output = output
        self._uploads = uploads
        self._telemetry = telemetry
        self._row_blocks = blocks
        self._on_done = on_done
        self._room = asyncio.Semaphore(_MOST_AT_A_TIME)

    async def submit(self, task: ScoredTask) -> None:
        """Begin to upload `task`; wait first while too many are under way. The uploader owns it from then on."""
        await self._room.acquire()
        self._uploads.start(self._upload, task)

    async def _upload(self, task: ScoredTask) -> None:
        try:
            await self._stage(task)
            task.held.advance(Work.STAGED)
            if await task.held.acknowledge():
                self._telemetry.task_completed(task)
            self._on_done(task.held, task.seconds)
        except (ProductError, OSError) as error:
            message = f"the results of task {task.number} cannot be written: {' '.join(str(error).split())}"
            raise fatal("output", message, error_type=type(error).__name__) from error
        finally:
            task.trace.ends(task.result, "given back")
            task.result.close()
            self._room.release()

    async def _stage(self, task: ScoredTask) -> None:
        await task.files.upload()
        container, result = self._output.folder.container, task.result
        block, rows = await self._block(task)
        try:
            if result.failed:
                await self._blobs.stage_block(container, self._output.errors_path, block.block_id, result.errors)
            await self._blobs.stage_block(container, self._output.file_path, block.block_id, rows)
        finally:
            if not isinstance(rows, bytes):
                rows.close()

    async def _block(self, task: ScoredTask) -> tuple[TaskBlock, bytes | BinaryIO]:
        if not task.result.rows:
            return task.block, EMPTY_BLOCK
        if self._row_blocks is None:
            return task.block, task.result.output
        return await self._row_blocks.stage(task)
