"""Processes of a stack that has no supervisor any more."""

from __future__ import annotations

from local.processes.ending import end
from local.processes.identity import ProcessIdentity
from local.scale_set.record import read_record
from local.stack.data_folder import DataFolder
from local.stack.stack_file import StackFile

_GRACE_SECONDS = 3.0


def end_leftovers(folder: DataFolder, content: StackFile) -> None:
    """Ends what a killed supervisor or scale set left running; nothing else, whatever pids are used now."""
    roles = [ProcessIdentity(process.pid, process.create_time) for process in reversed(content.processes)]
    instances = [
        instance.process
        for those in read_record(folder.scale_set).computes.values()
        for instance in those
        if instance.process
    ]
    end([*roles, *instances], grace_seconds=_GRACE_SECONDS)
