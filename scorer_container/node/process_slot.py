"""Keeps one scoring process alive: starts and initialises it, and replaces it when it hangs or dies."""

import threading
import time
from contextlib import suppress
from typing import Any

from scorer_container.node.answers import BadAnswerError, DeadlinePassedError, ProcessEndedError
from scorer_container.node.failure import fatal
from scorer_container.node.folders import ProcessFolders
from scorer_container.node.log_pump import LogPump
from scorer_container.node.logs import JobLogs
from scorer_container.node.scoring_process import ProcessCommand, ScoringProcess
from scorer_container.node.warm_processes import WarmProcesses
from shared.storage.hot_path.errors import StoppedError

_INIT_TRIES = 3
_SHUTDOWN_SECONDS = 30.0
"""Time limit of a script's `shutdown()`; the app waits longer (shared/triggers/background/orchestration.py)."""


class ProcessSlot:
    """The place of scoring process `number` on this node. One thread uses it; any thread may abort it."""

    def __init__(
        self,
        number: int,
        command: ProcessCommand,
        folders: ProcessFolders,
        *,
        init_timeout: float,
        pump: LogPump,
        logs: JobLogs,
        warm: WarmProcesses,
    ) -> None:
        self.number = number
        self._command = command
        self._folders = folders
        self._init_timeout = init_timeout
        self._pump = pump
        self._logs = logs
        self._warm = warm
        self._process: ScoringProcess | None = None
        self._has_begun = False
        self._is_kept = False
        self._lock = threading.Lock()
        self._aborted = False
        self.has_shutdown = False
        """True when the initialised script has a `shutdown()`."""

    def ready(self) -> ScoringProcess:
        """Return an initialised process; start one if there is none.

        Raises:
            FatalProblemError: the deployment cannot work, or `init()` failed three times in a row.
            StoppedError: the slot was aborted.
        """
        if not self._has_begun:
            self._begin()
        tries = 0
        while self._process is None:
            tries += 1
            self._initialise(self._started(), tries)
        if self._aborted:
            raise StoppedError("the job is over")
        return self._process

    def discard(self) -> None:
        """Kill the process; the next `ready()` starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.close()

    def abort(self) -> None:
        """Kill the process now and start no other. Any thread may call this."""
        with self._lock:
            self._aborted = True
            process = self._process or self._starting
        if process is not None:
            process.kill()

    def release(self) -> None:
        """Keep the process warm or shut it down: the job no longer needs it.

        A process of an MLflow model stays warm if it left no file in its working folder.
        """
        process, self._process = self._process, None
        if process is None or self._aborted:
            self._end(process)
        elif self._command.setup["kind"] == "mlflow":
            self._keep_or_end(process)
        else:
            self._note_shutdown(process.finish(_SHUTDOWN_SECONDS))
            process.close()

    def remove_folders(self) -> None:
        """Remove the folders after `release()`, unless the process stays warm."""
        if not self._is_kept:
            with suppress(OSError):  # a container may be ending still; the next job gets new folders in any case
                self._folders.remove()

    @property
    def aborted(self) -> bool:
        """True after `abort()`."""
        return self._aborted

    def ending(self) -> str:
        """Describe how the process ended by itself, e.g. `ended with exit code 3`."""
        return self._process.ending() if self._process is not None else "ended"

    _starting: ScoringProcess | None = None

    @staticmethod
    def _end(process: ScoringProcess | None) -> None:
        if process is not None:
            process.kill()
            process.close()

    def _begin(self) -> None:
        """Adopt the warm process of the job before, or make folders for new ones."""
        if self._aborted:
            return
        self._adopt(self._warm.take(self.number, self._command))
        if self._process is None:
            self._folders.renew()
        self._has_begun = True

    def _keep_or_end(self, process: ScoringProcess) -> None:
        self._is_kept = self._folders.is_work_empty
        if self._is_kept:
            self._warm.keep(self.number, self._command, process)
            return
        self._logs.node.line(f"process {self.number}: ends, as it has left files in its working folder")
        self._end(process)

    def _note_shutdown(self, problem: dict[str, Any] | None) -> None:
        if problem is not None:
            message = problem["message"]
            if problem["error_type"]:
                message = f"shutdown(): {problem['error_type']}: {message}"
            self._logs.node.line(f"process {self.number}: {message}")
            self._logs.errors(self.number).line(f"{message}\n{problem['traceback']}".rstrip())

    def _adopt(self, process: ScoringProcess | None) -> None:
        if process is not None:
            process.stdout.target = self._logs.stdout(self.number).write
            process.stderr.target = self._logs.stderr(self.number).write
            self._process = process

    def _started(self) -> ScoringProcess:
        with self._lock:
            if self._aborted:
                raise StoppedError("the job is over")
            try:
                process = ScoringProcess(self._command)
            except OSError as error:
                raise fatal(
                    "environment", f"the scoring process cannot be started: {error}", error_type=type(error).__name__
                ) from error
            self._starting = process
        process.stdout.target = self._logs.stdout(self.number).write
        process.stderr.target = self._logs.stderr(self.number).write
        process.pump_with(self._pump)
        self._logs.node.line(f"process {self.number}: started, pid {process.pid}")
        return process

    def _initialise(self, process: ScoringProcess, tries: int) -> None:
        """Wait until the process is ready and keep it in the slot; log a failed init, or raise FatalProblemError."""
        started = time.monotonic()
        problem = self._problem_of_init(process)
        if problem is None:
            self._logs.node.line(f"process {self.number}: ready after {time.monotonic() - started:.1f} s")
            with self._lock:
                self._process, self._starting = process, None
            return
        process.kill()
        process.close()
        if self._aborted:
            raise StoppedError("the job is over")
        message, error_type, trace = problem
        self._logs.node.line(f"process {self.number}: init failed (try {tries} of {_INIT_TRIES}): {message}")
        if trace:
            self._logs.errors(self.number).line(f"init() failed\n{trace}")
        if tries >= _INIT_TRIES:
            raise fatal("init", f"{message} ({tries} times)", error_type=error_type, traceback=trace)

    def _problem_of_init(self, process: ScoringProcess) -> tuple[str, str, str] | None:
        """Return message, error type and traceback, or None if the process is ready. Raise FatalProblemError."""
        try:
            header, _ = process.receive(time.monotonic() + self._init_timeout, "ready", "unusable", "init_failed")
        except DeadlinePassedError:
            return f"init() did not end within {self._init_timeout:g} s", "TimeoutError", ""
        except BadAnswerError as error:
            return f"the scoring process {error}", "BadAnswerError", ""
        except ProcessEndedError:
            return f"the scoring process {process.ending()} during init()", "ProcessEndedError", ""
        if header["type"] == "ready":
            self.has_shutdown = header["has_shutdown"]
            return None
        if header["type"] == "unusable":
            process.kill()
            process.close()
            self._logs.errors(self.number).line(f"{header['message']}\n{header['traceback']}")
            raise fatal(
                header["step"], header["message"], error_type=header["error_type"], traceback=header["traceback"]
            )
        message = f"init() raised {header['error_type']}: {header['message']}"
        return message, header["error_type"], header["traceback"]
