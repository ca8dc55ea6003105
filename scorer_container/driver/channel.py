"""The scoring process's end of the pipe to its node."""

import os
import queue
import threading
from typing import Tuple

from .frames import Header, read_frame, write_frame


class Channel:
    """Commands come in, answers go out.

    Commands are read by a thread of their own, so that the end of the pipe (the node is gone) ends the process
    even while the user's code runs.
    """

    def __init__(self, commands_fd: int, answers_fd: int) -> None:
        self._commands = os.fdopen(commands_fd, "rb")
        self._answers = os.fdopen(answers_fd, "wb")
        self._received: "queue.Queue[Tuple[Header, bytes]]" = queue.Queue()
        threading.Thread(target=self._read, name="commands", daemon=True).start()

    def receive(self) -> Header:
        """The next command; waits for it."""
        return self._received.get()[0]

    def send(self, header: Header, payload: bytes = b"") -> None:
        """Send one answer."""
        try:
            write_frame(self._answers, header, payload)
        except BrokenPipeError:
            os._exit(0)

    def _read(self) -> None:
        while True:
            frame = read_frame(self._commands)
            if frame is None:
                os._exit(0)
            self._received.put(frame)
