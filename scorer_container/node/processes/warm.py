"""Scoring processes that outlive their job: the next job of the same model need not load it again."""

import json

from scorer_container.node.cache.room import FoldersInUse
from scorer_container.node.processes.process import Process, ProcessCommand

_LEFT_OUT = {"AZUREML_RUN_ID", "AZUREML_ROOT_RUN_ID", "CUDA_VISIBLE_DEVICES"}
"""Variables that differ from job to job, or from process to process."""


class WarmProcesses:
    """Idle processes by number, of one deployment at a time.

    Only processes of MLflow models without a script stay: a script's `init()` and `shutdown()` belong to one job.
    """

    def __init__(self) -> None:
        self._key = ""
        self._idle: dict[int, Process] = {}
        self._dying: list[Process] = []
        self._folders = FoldersInUse()

    def need(self, folders: FoldersInUse) -> None:
        """Protect a job's cache folders also after the job, and release those of the job before."""
        before, self._folders = self._folders, folders
        before.release()

    async def take(self, number: int, command: ProcessCommand) -> Process | None:
        """Return an idle process that was started by the same command.

        Kill the processes of another deployment, and wait for their end: they may hold memory that this one needs.
        """
        self._turn_to(command)
        if number in self._idle and not self._idle[number].is_running:
            self._kill(number)
        await self._dead()
        return self._idle.pop(number, None)

    def keep(self, number: int, command: ProcessCommand, process: Process) -> None:
        """Keep an idle process for the next job."""
        self._turn_to(command)
        process.redirect(None, None)
        if number in self._idle:
            self._kill(number)
        self._idle[number] = process

    async def close(self) -> None:
        """Kill all of them and wait for their end."""
        self._kill(*self._idle)
        self._folders.release()
        await self._dead()

    def _turn_to(self, command: ProcessCommand) -> None:
        key = _key(command)
        if key != self._key:
            self._key = key
            self._kill(*self._idle)

    def _kill(self, *numbers: int) -> None:
        for number in numbers:
            process = self._idle.pop(number)
            process.kill()
            self._dying.append(process)

    async def _dead(self) -> None:
        for process in list(self._dying):
            await process.closed()
            if process in self._dying:
                self._dying.remove(process)


def _key(command: ProcessCommand) -> str:
    """Return what the processes of a deployment share. Each has folders of its own, which also its variables name."""
    own = str(command.working_folder.parent)
    shared = {name: value.replace(own, "") for name, value in command.environment.items() if name not in _LEFT_OUT}
    launcher = repr(command.launcher).replace(own, "")
    return json.dumps([str(command.interpreter), launcher, command.setup, sorted(shared.items())])
