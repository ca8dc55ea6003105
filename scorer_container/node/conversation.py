"""One command to a scoring process, and its answers."""

import time
from collections.abc import Callable
from typing import Any

from scorer_container.node.answers import Answer, DeadlinePassedError
from scorer_container.node.scoring_process import ScoringProcess

Reply = Callable[[dict[str, Any]], dict[str, Any]]


class Conversation:
    """The answers to one command."""

    def __init__(self, process: ScoringProcess, command: dict[str, Any], timeout: float, reply: Reply) -> None:
        """Send `command`; `reply` answers the questions that the process asks meanwhile.

        Raise ProcessEndedError or DeadlinePassedError.
        """
        self._process = process
        self._deadline = time.monotonic() + timeout
        process.send(command, self._deadline)
        self._reply = reply

    def next(self, *kinds: str) -> Answer:
        """Return the next answer, of one of these kinds. The time of a reply does not count against the deadline.

        Raise DeadlinePassedError, ProcessEndedError or BadAnswerError.
        """
        while True:
            header, payload = self._process.receive(self._deadline, "columns", *kinds)
            if header["type"] != "columns":
                return header, payload
            asked = time.monotonic()
            if asked > self._deadline:
                raise DeadlinePassedError
            answer = self._reply(header)
            self._deadline += time.monotonic() - asked
            self._process.send(answer, self._deadline)
