"""`down`: nothing of the stack runs any more."""

from pathlib import Path

from local.data_folder.layout import DataFolder
from local.data_folder.stack_file import StackFile, require_stack_file
from local.processes.process import ProcessIdentity, end
from local.scale_set.record import read_record
from local.stack.inspection import StackStatus, inspect

# Longer than the graces of all roles together, so that the supervisor ends them itself.
_SUPERVISOR_GRACE_SECONDS = 90.0


def down(data_dir: Path) -> StackStatus:
    """See `local.stack.down`."""
    folder = DataFolder(data_dir.absolute())
    before = inspect(folder.root, ask=False)
    supervisor = require_stack_file(folder).supervisor
    if supervisor:
        end([ProcessIdentity(supervisor.pid, supervisor.create_time)], grace_seconds=_SUPERVISOR_GRACE_SECONDS)
    end_leftovers(folder, require_stack_file(folder))
    return before


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
