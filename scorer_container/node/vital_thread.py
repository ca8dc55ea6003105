"""Threads that a node cannot do without."""

import logging
import os
import threading

log = logging.getLogger(__name__)

EXIT_CODE = 70
"""Exit code for a defect of the node; source: EX_SOFTWARE of sysexits.h."""


class VitalThread(threading.Thread):
    """A thread that must not end by an exception: without it the node would live on and hold its work for ever."""


def die_with_vital_threads() -> None:
    """Let the process die with any vital thread from now on. Its leases then expire, and other nodes do the work."""
    default = threading.excepthook

    def hook(arguments: threading.ExceptHookArgs) -> None:
        if not isinstance(arguments.thread, VitalThread):
            default(arguments)
            return
        error = (arguments.exc_type, arguments.exc_value or arguments.exc_type(), arguments.exc_traceback)
        log.critical("the node ends, as its thread %s failed", arguments.thread.name, exc_info=error)
        os._exit(EXIT_CODE)

    threading.excepthook = hook
