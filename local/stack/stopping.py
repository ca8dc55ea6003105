"""`down`: nothing of the stack runs any more."""

from __future__ import annotations

from pathlib import Path

from local.processes.ending import end
from local.processes.identity import ProcessIdentity
from local.stack.data_folder import DataFolder
from local.stack.inspection import StackStatus, inspect
from local.stack.leftovers import end_leftovers
from local.stack.stack_file import require_stack_file

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
