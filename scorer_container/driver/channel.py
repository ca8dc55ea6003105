"""The scoring process's end of the pipe to its node."""

import os
import queue
import sys
import threading
from typing import Any, Tuple

from .frames import LOST_PIPE, Header, read_frame, write_frame

_LONGEST_TEXT = 1 << 20
"""Characters of a message or traceback that are sent; of a longer one the beginning and the end."""


class Channel:
    """Commands come in, answers go out.

    Commands are read by a thread of their own, so that the end of the pipe (the node is gone) ends the process
    even while the user's code runs.
    """

    def __init__(self, commands_fd: int, answers_fd: int) -> None:
        self._commands = os.fdopen(commands_fd, "rb")
        self._answers = os.fdopen(answers_fd, "wb")
        self._process = os.getpid()
        self._received: "queue.Queue[Tuple[Header, bytes]]" = queue.Queue()
        threading.Thread(target=self._read, name="commands", daemon=True).start()

    def receive(self) -> Header:
        """The next command; waits for it."""
        return self._received.get()[0]

    def send(self, header: Header, payload: bytes = b"") -> None:
        """Send one answer."""
        if os.getpid() != self._process:
            os._exit(0)  # a fork of the user's code has come out of it: only one process answers
        try:
            write_frame(self._answers, {name: _cut(value) for name, value in header.items()}, payload)
        except BrokenPipeError:
            os._exit(0)
        except OSError as error:
            _end("answer", error)

    def _read(self) -> None:
        while True:
            try:
                frame = read_frame(self._commands)
            except (OSError, ValueError) as error:
                _end("hear", error)
            if frame is None:
                os._exit(0)
            self._received.put(frame)


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return value[: _LONGEST_TEXT // 2] + " … " + value[-_LONGEST_TEXT // 2 :]
    return value


def _end(what: str, error: Exception) -> None:
    """A script that closes all descriptors closes these as well."""
    print("the scoring process cannot {} its node any more: {}".format(what, error), file=sys.stderr, flush=True)
    os._exit(LOST_PIPE)
