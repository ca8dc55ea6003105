"""One scoring process, as the node starts it, commands it and ends it."""

import contextlib
import fcntl
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scorer_container.driver.frames import LOST_PIPE
from scorer_container.node.answers import Answer, AnswerReader, BadAnswerError, DeadlinePassedError, ProcessEndedError
from scorer_container.node.commands import CommandWriter
from scorer_container.node.launchers import Launcher, ProcessLauncher
from scorer_container.node.log_pump import LogPump

_PIPE_BYTES = 1 << 20
_SETUP_SECONDS = 10.0
"""Deadline of the first command, which always fits into the pipe."""
_STILL_RUNNING = "threads, child processes or exit handlers of the script did not end; the process was ended after"
_LAST_OUTPUT_SECONDS = 1.0
"""Seconds to wait for the last output of an ended process; a stray child of it may keep the pipe open."""


@dataclass(frozen=True)
class ProcessCommand:
    """How a scoring process is started."""

    interpreter: Path
    environment: dict[str, str]
    working_folder: Path
    setup: dict[str, Any]
    """The first frame (preparation.PreparedJob)."""
    launcher: Launcher = field(default_factory=ProcessLauncher)


class LogSink:
    """The current target of one output of a process, which may serve several jobs in turn."""

    def __init__(self) -> None:
        self.target: Callable[[bytes], None] | None = None

    def write(self, data: bytes) -> None:
        """Pass `data` on; drop it between jobs."""
        if self.target is not None:
            self.target(data)


class ScoringProcess:
    """A running driver. One thread talks to it; any thread may kill it."""

    def __init__(self, command: ProcessCommand) -> None:
        """Start the process; it begins to load the model or script at once."""
        commands_read, commands_write = os.pipe()
        answers_read, answers_write = os.pipe()
        for descriptor in (commands_write, answers_read):
            # The default size serves, too, where there is no such call (macOS) or /proc/sys/fs/pipe-max-size is less.
            with contextlib.suppress(AttributeError, OSError):
                fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        try:
            self._process = _started(command, commands_read, answers_write)
        except BaseException:
            os.close(commands_write)
            os.close(answers_read)
            raise
        finally:
            os.close(commands_read)
            os.close(answers_write)
        self._descriptors = (commands_write, answers_read)
        self._commands = CommandWriter(commands_write, self._process)
        self._answers = AnswerReader(answers_read, self._process)
        self._closing = threading.Lock()
        self._closed = False
        self._outputs_ended: tuple[threading.Event, ...] = ()
        self.stdout = LogSink()
        self.stderr = LogSink()
        with contextlib.suppress(ProcessEndedError, DeadlinePassedError):  # whoever waits for the answer hears of it
            self.send(command.setup, time.monotonic() + _SETUP_SECONDS)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """True while the process runs."""
        return self._process.poll() is None

    def pump_with(self, pump: LogPump) -> None:
        """Let `pump` copy standard output and standard error to the two sinks."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._outputs_ended = (
            pump.add(self._process.stdout.fileno(), self.stdout.write),
            pump.add(self._process.stderr.fileno(), self.stderr.write),
        )

    def send(self, header: dict[str, Any], deadline: float) -> None:
        """Send a command; raise ProcessEndedError or DeadlinePassedError (`deadline` is monotonic)."""
        if self._closed:
            raise ProcessEndedError
        self._commands.write(header, deadline)

    def receive(self, deadline: float, *kinds: str) -> Answer:
        """Return the next answer, of one of these kinds; `deadline` is monotonic.

        Raise DeadlinePassedError, ProcessEndedError or BadAnswerError.
        """
        if self._closed:
            raise ProcessEndedError
        return self._answers.read(deadline, *kinds)

    def kill(self) -> None:
        """Kill the process and all its children now."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for ended in self._outputs_ended:
            ended.wait(_LAST_OUTPUT_SECONDS)

    def finish(self, grace_seconds: float) -> dict[str, Any] | None:
        """Let the script's `shutdown()` run for up to `grace_seconds`, then kill the process.

        Return what went wrong: `error_type` (empty if `shutdown()` itself succeeded), `message`, `traceback`.
        """
        deadline = time.monotonic() + grace_seconds
        try:
            self.send({"type": "shutdown"}, deadline)
            answer, _ = self.receive(deadline, "shut_down", "shutdown_failed")
        except DeadlinePassedError:
            answer = _problem("TimeoutError", f"did not end within {grace_seconds:g} s")
        except BadAnswerError as error:
            answer = _problem("BadAnswerError", str(error))
        except ProcessEndedError:
            answer = _problem("ProcessEndedError", f"took the process down: it {self.ending()}")
        else:
            try:
                self._process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                if answer["type"] == "shut_down":
                    answer = _problem("", f"{_STILL_RUNNING} {grace_seconds:g} s")
        self.kill()
        return None if answer["type"] == "shut_down" else answer

    def close(self) -> None:
        """Close the pipes of an ended process."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        for descriptor in self._descriptors:
            os.close(descriptor)
        for output in (self._process.stdout, self._process.stderr):
            if output is not None:
                output.close()

    def ending(self) -> str:
        """Describe how the process ended."""
        try:
            code = self._process.wait(1)
        except subprocess.TimeoutExpired:
            return "closed its pipe"
        if code == LOST_PIPE:
            return f"ended with exit code {code}, as the script has closed the descriptors that lead to its node"
        if code >= 0:
            return f"ended with exit code {code}"
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        return f"was ended by {name}" + (" (out of memory?)" if -code == signal.SIGKILL else "")


def _started(command: ProcessCommand, commands: int, answers: int) -> "subprocess.Popen[bytes]":
    """Start the driver, which reads from the pipe `commands` and writes to `answers`."""
    launch = command.launcher.launch(command.interpreter, command.environment, command.working_folder)
    return subprocess.Popen(
        launch.command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=command.working_folder,
        env={**launch.environment, "BATCH_COMMANDS_FD": str(commands), "BATCH_ANSWERS_FD": str(answers)},
        pass_fds=(commands, answers),
        start_new_session=True,  # so that whatever the user's code starts is ended with it
    )


def _problem(error_type: str, message: str) -> dict[str, Any]:
    return {"type": "shutdown_failed", "error_type": error_type, "message": message, "traceback": ""}
