"""Scoring processes that answer what a test says, and logs that a test can read."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from scorer_container.node.processes.answers import Answer, ProcessEndedError
from scorer_container.node.processes.process import ProcessCommand
from shared.contracts.job_spec import CodeSpec, JobSpec, Location, ModelSpec, OutputSpec, WorkSize
from shared.contracts.settings import ScoringSettings

PLACE = Location(kind="blob_folder", account_url="http://host", container="c", path="p")
READY = {"type": "ready", "has_shutdown": False}
ENDS = ProcessEndedError()


def spec(*, script: bool = True, tries: int = 3, timeout: float = 30) -> JobSpec:
    """A job that tries a mini-batch up to `tries` times."""
    made = JobSpec(
        job_name="job",
        job_id="0123",
        endpoint="e",
        deployment="d",
        compute="c",
        model=ModelSpec(name="m", version="1", is_mlflow=not script, location=PLACE),
        code=CodeSpec(location=PLACE, scoring_script="score.py") if script else None,
        settings=ScoringSettings(max_retries=tries),
        input=PLACE,
        output=OutputSpec(folder=PLACE, file_name="predictions.csv"),
        work=WorkSize(files=1, mini_batch_size=1, mini_batches_per_task=1),
    )
    return made.model_copy(update={"settings": made.settings.model_copy(update={"timeout_seconds": timeout})})


class ScriptedProcess:
    """Gives these answers in turn. An exception is raised; after the last answer the process hangs."""

    def __init__(self, *answers: dict[str, Any] | Answer | Exception, ending: str = "ended with exit code 3") -> None:
        self.answers = list(answers)
        self.pid = 4711
        self.is_running = True
        self.is_closed = False
        self.sent: list[dict[str, Any]] = []
        self.targets: tuple[Any, Any] = (None, None)
        self.problem_of_shutdown: dict[str, Any] | None = None
        self.while_finishing: Callable[[], Awaitable[None]] | None = None
        self._ending = ending
        self._killed = asyncio.Event()

    def redirect(self, stdout: Any, stderr: Any) -> None:
        self.targets = (stdout, stderr)

    async def send(self, header: dict[str, Any]) -> None:
        self.sent.append(header)

    async def receive(self, *kinds: str) -> Answer:
        await asyncio.sleep(0)
        if not self.answers:
            await self._killed.wait()
            raise ProcessEndedError
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        header, payload = answer if isinstance(answer, tuple) else (answer, b"")
        assert header["type"] in kinds
        return header, payload

    async def finish(self, seconds: float) -> dict[str, Any] | None:
        self.sent.append({"type": "shutdown"})
        if self.while_finishing is not None:
            await self.while_finishing()
        await self.closed()
        return self.problem_of_shutdown

    def kill(self) -> None:
        self.is_running = False
        self._killed.set()

    async def closed(self) -> None:
        self.kill()
        await asyncio.sleep(0)
        self.is_closed = True

    async def ending(self) -> str:
        return self._ending


class Starter:
    """Starts these processes in turn."""

    def __init__(self, *processes: ScriptedProcess) -> None:
        self.processes = processes
        self.started = 0

    async def __call__(self, command: ProcessCommand) -> ScriptedProcess:
        self.started += 1
        return self.processes[self.started - 1]


class _Log:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def write(self, data: bytes) -> None:
        self.lines.append(data.decode())


class Logs:
    """What a job has logged."""

    def __init__(self) -> None:
        self.node = _Log()
        self._errors: dict[int, _Log] = defaultdict(_Log)
        self._stdout: dict[int, _Log] = defaultdict(_Log)
        self._stderr: dict[int, _Log] = defaultdict(_Log)

    def errors(self, number: int) -> _Log:
        return self._errors[number]

    def stdout(self, number: int) -> _Log:
        return self._stdout[number]

    def stderr(self, number: int) -> _Log:
        return self._stderr[number]


def command(kind: str = "script", **environment: str) -> ProcessCommand:
    """How a process of this kind of deployment is started."""
    return ProcessCommand(Path("/python"), environment, Path("/work"), {"kind": kind})
