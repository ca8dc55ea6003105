"""Keeps one scoring process alive: starts and initialises it, and replaces it when it hangs or dies."""

import asyncio
from contextlib import suppress
from typing import Any

from scorer_container.node.processes.answers import BadAnswerError, ProcessEndedError
from scorer_container.node.processes.folders import ProcessFolders
from scorer_container.node.processes.process import Process, ProcessCommand, StartProcess
from scorer_container.node.processes.warm import WarmProcesses
from scorer_container.node.reporting.failure import fatal
from scorer_container.node.reporting.logs import JobLogs
from scorer_container.node.scope import answered_within, in_thread

_INIT_TRIES = 3
_SHUTDOWN_SECONDS = 30.0
"""Time limit of a script's `shutdown()`; the app waits longer (shared/triggers/background/orchestration.py)."""


class ProcessSlot:
    """The place of scoring process `number` on this node. One activity uses it."""

    def __init__(
        self,
        number: int,
        command: ProcessCommand,
        folders: ProcessFolders,
        *,
        init_timeout: float,
        start: StartProcess,
        logs: JobLogs,
        warm: WarmProcesses,
    ) -> None:
        self.number = number
        self._command = command
        self._folders = folders
        self._init_timeout = init_timeout
        self._start = start
        self._logs = logs
        self._warm = warm
        self._process: Process | None = None
        self._has_begun = False
        self._is_kept = False
        self.in_conversation = False
        """True from a command to its last answer, and during `init()`. Such a process can only be killed."""
        self.has_shutdown = False
        """True when the initialised script has a `shutdown()`."""

    async def ready(self) -> Process:
        """Return an initialised process; start one if there is none.

        Raise FatalProblemError if the deployment cannot work, or if `init()` failed three times in a row.
        """
        if not self._has_begun:
            await self._begin()
        tries = 0
        while self._process is None:
            tries += 1
            await self._initialise(await self._started(), tries)
        return self._process

    async def discard(self) -> None:
        """Kill the process; the next `ready()` starts another."""
        process, self._process = self._process, None
        self.in_conversation = False
        if process is not None:
            process.kill()
            await process.closed()

    async def release(self, *, kill: bool) -> None:
        """End the process: the job no longer needs it.

        Call a script's `shutdown()`. Keep a process of an MLflow model warm if it left no file in its working folder.
        With `kill`, or in the middle of a conversation, kill the process.
        """
        process = self._process
        if process is None:
            return
        try:
            if kill or self.in_conversation:
                await self.discard()
            elif self._command.setup["kind"] == "mlflow":
                await self._keep_or_end(process)
            else:
                self._note_shutdown(await process.finish(_SHUTDOWN_SECONDS))
        finally:
            self._process = None
            if not self._is_kept:
                process.kill()

    async def remove_folders(self) -> None:
        """Remove the folders after `release()`, unless the process stays warm."""
        if not self._is_kept:
            with suppress(OSError):  # a container may be ending still; the next job gets new folders in any case
                await in_thread(self._folders.remove)

    async def ending(self) -> str:
        """Describe how the process ended by itself, e.g. `ended with exit code 3`."""
        return await self._process.ending() if self._process is not None else "ended"

    async def _begin(self) -> None:
        """Adopt the warm process of the job before, or make folders for new ones."""
        self._process = await self._warm.take(self.number, self._command)
        if self._process is None:
            await in_thread(self._folders.renew)
        else:
            self._redirect(self._process)
        self._has_begun = True

    async def _keep_or_end(self, process: Process) -> None:
        if self._folders.is_work_empty:
            self._is_kept = True
            self._warm.keep(self.number, self._command, process)
            return
        self._logs.node.line(f"process {self.number}: ends, as it has left files in its working folder")
        await self.discard()

    def _note_shutdown(self, problem: dict[str, Any] | None) -> None:
        if problem is not None:
            message = problem["message"]
            if problem["error_type"]:
                message = f"shutdown(): {problem['error_type']}: {message}"
            self._logs.node.line(f"process {self.number}: {message}")
            self._logs.errors(self.number).line(f"{message}\n{problem['traceback']}".rstrip())

    def _redirect(self, process: Process) -> None:
        process.redirect(self._logs.stdout(self.number).write, self._logs.stderr(self.number).write)

    async def _started(self) -> Process:
        try:
            process = await self._start(self._command)
        except OSError as error:
            message = f"the scoring process cannot be started: {error}"
            raise fatal("environment", message, error_type=type(error).__name__) from error
        self._redirect(process)
        self._logs.node.line(f"process {self.number}: started, pid {process.pid}")
        return process

    async def _initialise(self, process: Process, tries: int) -> None:
        """Wait until the process is ready; log a failed init, or raise FatalProblemError."""
        clock = asyncio.get_running_loop().time
        started = clock()
        self._process, self.in_conversation = process, True
        problem = await self._problem_of_init(process)
        if problem is None:
            self.in_conversation = False
            self._logs.node.line(f"process {self.number}: ready after {clock() - started:.1f} s")
            return
        await self.discard()
        message, error_type, trace = problem
        self._logs.node.line(f"process {self.number}: init failed (try {tries} of {_INIT_TRIES}): {message}")
        if trace:
            self._logs.errors(self.number).line(f"init() failed\n{trace}")
        if tries >= _INIT_TRIES:
            raise fatal("init", f"{message} ({tries} times)", error_type=error_type, traceback=trace)

    async def _problem_of_init(self, process: Process) -> tuple[str, str, str] | None:
        """Return message, error type and traceback, or None if the process is ready. Raise FatalProblemError."""
        try:
            answer = process.receive("ready", "unusable", "init_failed")
            header, _ = await answered_within(self._init_timeout, answer)
        except TimeoutError:
            return f"init() did not end within {self._init_timeout:g} s", "TimeoutError", ""
        except BadAnswerError as error:
            return f"the scoring process {error}", "BadAnswerError", ""
        except ProcessEndedError:
            return f"the scoring process {await process.ending()} during init()", "ProcessEndedError", ""
        if header["type"] == "ready":
            self.has_shutdown = header["has_shutdown"]
            return None
        message, error_type, trace = header["message"], header["error_type"], header["traceback"]
        if header["type"] == "unusable":
            await self.discard()
            self._logs.errors(self.number).line(f"{message}\n{trace}")
            raise fatal(header["step"], message, error_type=error_type, traceback=trace)
        return f"init() raised {error_type}: {message}", error_type, trace
