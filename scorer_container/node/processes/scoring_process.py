"""One real scoring process, as the node starts it, commands it and ends it."""

import asyncio
import contextlib
import fcntl
import os
import subprocess
from typing import IO, Any

from scorer_container.node.processes.answers import Answer, BadAnswerError, ProcessEndedError
from scorer_container.node.processes.output import OutputCopy
from scorer_container.node.processes.pipes import AnswerPipe, CommandPipe
from scorer_container.node.processes.process import LogTarget, ProcessCommand
from scorer_container.node.processes.process_exit import ProcessExit, described
from scorer_container.node.scope import TimeLimit

_PIPE_BYTES = 1 << 20
_STILL_RUNNING = "threads, child processes or exit handlers of the script did not end; the process was ended after"
_LAST_OUTPUT_SECONDS = 1.0
"""Seconds to wait for the last output of an ended process; a stray child of it may keep the pipe open."""
_DEATH_SECONDS = 5.0
"""Seconds to wait for the end of a killed process. The kernel may take longer, e.g. with a file system that hangs."""


async def start_process(command: ProcessCommand) -> "ScoringProcess":
    """Start a process, which begins to load the model or script at once; raise OSError."""
    process = ScoringProcess(command)
    try:
        with contextlib.suppress(ProcessEndedError):  # whoever waits for the answer hears of it
            await process.send(command.setup)
    except BaseException:
        process.kill()
        raise
    return process


class ScoringProcess:
    """A running driver. What it owns is freed by callbacks of the loop, also when nobody waits for its end."""

    def __init__(self, command: ProcessCommand) -> None:
        commands_read, commands_write = os.pipe()
        answers_read, answers_write = os.pipe()
        for descriptor in (commands_write, answers_read):
            # The default size serves, too, where there is no such call (macOS) or /proc/sys/fs/pipe-max-size is less.
            with contextlib.suppress(AttributeError, OSError):
                fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        try:
            process = _started(command, commands_read, answers_write)
        except BaseException:
            os.close(commands_write)
            os.close(answers_read)
            raise
        finally:
            os.close(commands_read)
            os.close(answers_write)
        assert process.stdout is not None
        assert process.stderr is not None
        self.pid = process.pid
        self._loop = asyncio.get_running_loop()
        self._exit = ProcessExit(process)
        self._commands = CommandPipe(commands_write, self._exit)
        self._answers = AnswerPipe(answers_read, self._exit)
        self._outputs = [OutputCopy(_taken(output), self._close_if_over) for output in (process.stdout, process.stderr)]
        self._is_killed = False
        self._is_closed = asyncio.Event()

    @property
    def is_running(self) -> bool:
        """True while the process runs."""
        self._exit.look()
        return self._exit.code is None

    def redirect(self, stdout: LogTarget | None, stderr: LogTarget | None) -> None:
        """Pass what the process prints from now on to these targets; None drops it."""
        for output, target in zip(self._outputs, (stdout, stderr), strict=True):
            output.redirect(target)

    async def send(self, header: dict[str, Any]) -> None:
        """Send a command; raise ProcessEndedError. A cancelled `send` leaves the pipe unusable: kill the process."""
        await self._commands.write(header)

    async def receive(self, *kinds: str) -> Answer:
        """Return the next answer, of one of these kinds; raise ProcessEndedError or BadAnswerError."""
        return await self._answers.read(*kinds)

    async def finish(self, seconds: float) -> dict[str, Any] | None:
        """Let the script's `shutdown()` run for up to `seconds`, then kill and close the process.

        Return what went wrong: `error_type` (empty if `shutdown()` itself succeeded), `message`, `traceback`.
        """
        try:
            answer = await self._shut_down(seconds)
        finally:
            self.kill()
        await self.closed()
        return None if answer["type"] == "shut_down" else answer

    def kill(self) -> None:
        """Kill the process and all its children now; do not wait. Twice is harmless."""
        if not self._is_killed:
            self._is_killed = True
            self._exit.kill()
            self._exit.on_end(self._await_last_output)

    async def closed(self) -> None:
        """Kill the process and wait until it has ended, its last output is copied, and its pipes are closed."""
        self.kill()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DEATH_SECONDS):
                await self._is_closed.wait()

    async def ending(self) -> str:
        """Describe how the process ended, e.g. `ended with exit code 3`."""
        try:
            return described(await TimeLimit(1).answer(self._exit.wait()))
        except TimeoutError:
            return "closed its pipe"

    async def _shut_down(self, seconds: float) -> dict[str, Any]:
        limit = TimeLimit(seconds)
        try:
            await limit.answer(self.send({"type": "shutdown"}))
            answer, _ = await limit.answer(self.receive("shut_down", "shutdown_failed"))
        except TimeoutError:
            return _problem("TimeoutError", f"did not end within {seconds:g} s")
        except BadAnswerError as error:
            return _problem("BadAnswerError", str(error))
        except ProcessEndedError:
            return _problem("ProcessEndedError", f"took the process down: it {await self.ending()}")
        try:
            await limit.answer(self._exit.wait())
        except TimeoutError:
            if answer["type"] == "shut_down":
                return _problem("", f"{_STILL_RUNNING} {seconds:g} s")
        return answer

    def _await_last_output(self) -> None:
        self._loop.call_later(_LAST_OUTPUT_SECONDS, self._close)
        self._close_if_over()

    def _close_if_over(self) -> None:
        if self._is_killed and self._exit.code is not None and all(output.is_done for output in self._outputs):
            self._close()

    def _close(self) -> None:
        if not self._is_closed.is_set():
            self._is_closed.set()
            self._commands.close()
            self._answers.close()
            for output in self._outputs:
                output.close()


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


def _taken(output: IO[bytes]) -> int:
    """Return the descriptor of `output`, which belongs to the caller from now on."""
    with output:
        return os.dup(output.fileno())


def _problem(error_type: str, message: str) -> dict[str, Any]:
    return {"type": "shutdown_failed", "error_type": error_type, "message": message, "traceback": ""}
