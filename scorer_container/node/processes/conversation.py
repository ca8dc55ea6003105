"""One command to a scoring process, and its answers."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from scorer_container.node.processes.answers import Answer, DeadlinePassedError
from scorer_container.node.processes.process import Process
from scorer_container.node.scope import TimeLimit

T = TypeVar("T")

Reply = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Answers a question of the scoring process."""


class Conversation:
    """The answers to one command. All of them share one time limit."""

    def __init__(self, process: Process, seconds: float, reply: Reply) -> None:
        """Converse for up to `seconds`; `reply` answers the questions that the process asks meanwhile."""
        self._process = process
        self._limit = TimeLimit(seconds)
        self._reply = reply

    async def begin(self, command: dict[str, Any]) -> None:
        """Send `command`; raise ProcessEndedError or DeadlinePassedError."""
        await self._within_limit(self._process.send(command))

    async def next(self, *kinds: str) -> Answer:
        """Return the next answer, of one of these kinds. The time of a reply does not count against the limit.

        Raise DeadlinePassedError, ProcessEndedError or BadAnswerError.
        """
        while True:
            header, payload = await self._within_limit(self._process.receive("columns", *kinds))
            if header["type"] != "columns":
                return header, payload
            answer = await self._reply(header)
            await self._within_limit(self._process.send(answer))

    async def _within_limit(self, answer: Awaitable[T]) -> T:
        try:
            return await self._limit.answer(answer)
        except TimeoutError:
            raise DeadlinePassedError from None
