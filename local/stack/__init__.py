"""The whole local stack: Azurite, token issuer, scale set and Functions host under one supervisor.

The functions import what they need when they are called: `local.data_folder.connection`, which every command of the
CLI reads, must not pay for the supervisor.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.stack.inspection import StackStatus
    from local.stack.options import StackOptions


def up(options: "StackOptions", *, on_ready: "Callable[[StackStatus], None] | None" = None) -> "StackStatus":
    """Start the stack, or restart the missing processes of a running one. Call `on_ready` once all is healthy.

    In the foreground it returns when the stack has ended (SIGINT, SIGTERM, `down`), unless another process
    supervises this data folder already; with `options.detach` it returns when everything is healthy.

    Raises:
        LocalStackError: the message says what to do. Nothing is left running then.
    """
    from local.stack.lifecycle import up as start

    return start(options, on_ready=on_ready)


def down(data_dir: Path) -> "StackStatus":
    """End every process of the stack in `data_dir`, also those of a killed supervisor. Return what ran before.

    Raises:
        NoStackError: there never was a stack in `data_dir`.
    """
    from local.stack.lifecycle import down as stop

    return stop(data_dir)


def status(data_dir: Path) -> "StackStatus":
    """Return the addresses of the stack in `data_dir` and the condition of each of its processes.

    Raises:
        NoStackError: there never was a stack in `data_dir`.
    """
    from local.stack.inspection import inspect

    return inspect(data_dir)
