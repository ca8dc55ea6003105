"""The supervisor's own log."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from local.processes.program import roll_log

_FORMAT = "%(asctime)s %(levelname)s %(message)s"


def log_to(file: Path, *, also_to_stderr: bool) -> None:
    """Sends the log lines of the stack to `file`, and to the terminal of a stack in the foreground."""
    roll_log(file)
    handlers: list[logging.Handler] = [logging.FileHandler(file, encoding="utf-8")]
    if also_to_stderr:
        handlers.append(logging.StreamHandler(sys.stderr))
    logger = logging.getLogger("local")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    for handler in handlers:
        handler.setFormatter(logging.Formatter(_FORMAT))
        logger.addHandler(handler)
