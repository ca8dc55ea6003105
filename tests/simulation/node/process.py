"""A scripted scoring process: it speaks the driver's protocol, and may be slow, hang, die or talk nonsense."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scorer_container.node.processes.answers import Answer, BadAnswerError, ProcessEndedError, parsed_header
from scorer_container.node.processes.process import LogTarget, ProcessCommand
from tests.simulation.plan import COLUMNS, RUN_TIMEOUT, Plan

if TYPE_CHECKING:
    from tests.simulation.node.script import WorldScript

_CRASH = object()
_SECONDS_TO_END = 0.05
LONGEST_INIT = 3.0


class ScriptedProcess:
    """A scoring process. It implements `Process` of the node."""

    def __init__(self, script: "WorldScript", command: ProcessCommand, pid: int) -> None:
        self.pid = pid
        self.command = command
        self.is_running = True
        self._script = script
        self._answers: asyncio.Queue[Any] = asyncio.Queue()
        self._agreed: dict[str, Any] = {}
        self._job = ""
        self._run: dict[str, Any] = {}
        self._stdout: LogTarget | None = None
        self._timers: set[asyncio.TimerHandle] = set()
        script.begins(self)
        seconds, succeeds = script.init_of(self)
        has_shutdown = script.shutdown_of(self) is not None
        ready = {"type": "ready", "has_shutdown": has_shutdown}
        self._answer_after(seconds, [(ready, b"")] if succeeds else [_CRASH])

    def redirect(self, stdout: LogTarget | None, stderr: LogTarget | None) -> None:
        self._stdout = stdout

    async def send(self, header: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        if not self.is_running:
            raise ProcessEndedError
        if header["type"] == "run":
            self._begin(header)
        elif header["type"] == "columns":
            self._agreed = header["agreed"]
            self._score()

    async def receive(self, *kinds: str) -> Answer:
        if not self.is_running and self._answers.empty():
            raise ProcessEndedError
        answer = await self._answers.get()
        if answer is _CRASH:
            self._end()
            raise ProcessEndedError
        header, payload = answer
        if header is None:
            raise BadAnswerError("something")
        return parsed_header(json.dumps(header).encode(), kinds), payload

    async def finish(self, seconds: float) -> dict[str, Any] | None:
        takes = self._script.shutdown_of(self) or 0.0
        await asyncio.sleep(min(takes, seconds))
        await self.closed()
        if takes < seconds:
            return None
        return {"type": "shutdown_failed", "error_type": "TimeoutError", "message": "did not end", "traceback": ""}

    def kill(self) -> None:
        self._end()

    async def closed(self) -> None:
        self._end()
        await asyncio.sleep(_SECONDS_TO_END)

    async def ending(self) -> str:
        return "ended with exit code 1"

    def _begin(self, command: dict[str, Any]) -> None:
        self._run = command
        if self._stdout is not None:
            self._stdout(b"scores\n")
        plan = self._script.plan_of(command)
        plan.calls += 1
        needs_columns = command["collect"] and command["format"] == "csv" and command["job"] != self._job
        if needs_columns:
            self._job = command["job"]
            self._answer_after(0.001, [({"type": "columns", "proposed": {"columns": COLUMNS}}, b"")])
        else:
            self._score()

    def _score(self) -> None:
        command = self._run
        plan = self._script.plan_of(command)
        mishap = self._script.mishap(self, plan, command)
        is_fatal = plan.fatal_after is not None and plan.calls > plan.fatal_after
        mishap = "crash" if is_fatal else mishap
        seconds = plan.shape.seconds
        if mishap == "hang":
            return
        if mishap:
            broken: list[Any] = {"crash": [_CRASH], "nonsense": [(None, b"")], "slow": []}[mishap]
            if broken:
                answers = [] if plan.shape.is_script or is_fatal else self._answers_of(plan)
                self._answer_after(seconds, [*answers[: len(answers) // 2], *broken])
                return
        self._answer_after(min(seconds * (8 if mishap else 1), 0.8 * RUN_TIMEOUT), self._answers_of(plan))

    def _answers_of(self, plan: Plan) -> list[Any]:
        files = list(zip(self._run["files"], self._run["names"], strict=True))
        if not plan.shape.is_script:
            return [*(self._of_file(plan, *file) for file in files), ({"type": "done"}, b"")]
        if plan.bad.intersection(self._run["names"]):
            return [_failed("bad")]
        try:
            rows = b"".join(plan.rows_of(name, Path(path).read_bytes()) for path, name in files)
        except OSError as error:
            return [_failed(str(error))]
        return [({"type": "result", "seconds": 0.1, "rows": rows.count(b"\n"), "succeeded": len(files)}, rows)]

    @staticmethod
    def _of_file(plan: Plan, path: str, name: str) -> Any:
        if name in plan.bad:
            return _failed("bad")
        try:
            rows = plan.rows_of(name, Path(path).read_bytes())
        except OSError as error:
            return _failed(str(error))
        return {"type": "file", "seconds": 0.1, "rows": rows.count(b"\n"), "succeeded": 1}, rows

    def _answer_after(self, seconds: float, answers: list[Any]) -> None:
        def answer() -> None:
            self._timers.discard(timer)
            for one in answers:
                self._answers.put_nowait(one)

        timer = asyncio.get_running_loop().call_later(seconds, answer)
        self._timers.add(timer)

    def _end(self) -> None:
        if self.is_running:
            self.is_running = False
            self._script.ends(self)
            for timer in self._timers:
                timer.cancel()
            self._answers.put_nowait(_CRASH)


def _failed(message: str) -> Any:
    return {"type": "failed", "seconds": 0.1, "error_type": "ValueError", "message": message, "traceback": ""}, b""
