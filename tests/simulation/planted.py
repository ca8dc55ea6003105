"""Faults that are planted on purpose. A simulation that does not find them proves nothing."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from unittest import mock

from scorer_container.node.in_hand import InHand
from scorer_container.node.reporting.pen import ProgressPen
from scorer_container.node.tasks.upload import Uploader
from shared.jobs.phases import watch
from shared.storage.ledger import Ledger

Patch = AbstractContextManager[Any]


def acknowledge_before_staging() -> Patch:
    """Delete a task's message before its rows are staged."""
    real = Uploader._stage

    async def stage(self: Uploader, task: Any) -> None:
        await task.held.acknowledge()
        await real(self, task)

    return mock.patch.object(Uploader, "_stage", stage)


def forget_to_renew() -> Patch:
    """Renew no lease."""

    async def keep(self: InHand, scope: Any) -> None:
        await asyncio.Event().wait()

    return mock.patch.object(InHand, "keep", keep)


def count_a_redelivered_task_twice() -> Patch:
    """Count the items of a progress row although the ledger, or another row, has counted its task."""
    return mock.patch.object(
        watch, "_rows_in_hand", lambda seen: [row for row in seen.progress if row.current_task >= 0]
    )


def merge_the_latest_block() -> Patch:
    """Take the latest block of each task, not the one with the fewest failures."""

    def of(blocks: Any) -> Ledger:
        latest = {block.task: block for block in sorted(blocks, key=lambda block: block.attempt)}
        return Ledger(dict(sorted(latest.items())))

    return mock.patch.object(Ledger, "of", of)


def lose_a_fatal_failure() -> Patch:
    """Take a fatal failure for written if a write of the row is under way, as a node with threads once did."""
    real_write, real_fatal = ProgressPen._write, ProgressPen.fatal

    async def write(self: Any) -> None:
        self.is_writing = True
        try:
            await real_write(self)
        finally:
            self.is_writing = False

    def fatal(self: Any, failure: Any) -> None:
        if not getattr(self, "is_writing", False):
            real_fatal(self, failure)

    return mock.patch.multiple(ProgressPen, _write=write, fatal=fatal)


PLANTED: tuple[Callable[[], Patch], ...] = (
    acknowledge_before_staging,
    forget_to_renew,
    count_a_redelivered_task_twice,
    merge_the_latest_block,
    lose_a_fatal_failure,
)
