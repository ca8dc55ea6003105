"""The scoring processes of a job on this node, each with the folder for its own output files."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from scorer_container.node.jobs.preparation import PreparedJob
from scorer_container.node.processes.environment import process_environment
from scorer_container.node.processes.folders import ProcessFolders
from scorer_container.node.processes.process import ProcessCommand, StartProcess
from scorer_container.node.processes.slot import ProcessSlot
from scorer_container.node.processes.warm import WarmProcesses
from scorer_container.node.reporting.failure import FatalProblemError
from scorer_container.node.reporting.logs import JobLogs
from scorer_container.node.scope import in_thread
from scorer_container.node.settings import NodeSettings
from scorer_container.node.storage.blobs import Blobs
from scorer_container.node.tasks.output_files import OutputFiles
from shared.contracts.job_spec import JobSpec
from shared.errors import ProductError


@dataclass(frozen=True)
class Member:
    """One scoring process."""

    slot: ProcessSlot
    files: OutputFiles


class Crew:
    """Starts and ends the scoring processes of a job."""

    def __init__(
        self,
        spec: JobSpec,
        settings: NodeSettings,
        *,
        start_process: StartProcess,
        warm: WarmProcesses,
        logs: JobLogs,
        log: Callable[[str], None],
    ) -> None:
        self._spec = spec
        self._settings = settings
        self._start_process = start_process
        self._warm = warm
        self._logs = logs
        self._log = log
        self._members: list[Member] = []

    @property
    def shuts_down(self) -> bool:
        """True when a script has a `shutdown()` for which the job must wait."""
        return any(member.slot.has_shutdown for member in self._members)

    async def assemble(self, count: int, prepared: PreparedJob, output: Blobs) -> list[Member]:
        """Make the places of `count` processes. Their own files go to `output`. Raise OSError."""
        for number in range(count):
            folders = ProcessFolders(self._settings.folder / f"process{number:03}")
            await in_thread(folders.empty_output)
            files = OutputFiles(folders.output, output, self._spec.output, self._spec.job_id, self._log)
            self._members.append(Member(self._slot(number, folders, prepared), files))
        return self._members

    async def release(self, *, kill: bool) -> None:
        """End the processes, all at the same time: kill them, or keep them warm or let them call `shutdown()`.

        Do nothing for those that have ended.
        """
        releases = (member.slot.release(kill=kill) for member in self._members)
        for problem in await asyncio.gather(*releases, return_exceptions=True):
            if problem is not None:
                raise problem

    async def upload(self) -> None:
        """Upload what the processes have written since their last task, for example in `shutdown()`."""
        for member in self._members:
            try:
                await member.files.upload()
            except (ProductError, FatalProblemError, OSError) as error:
                self._log(f"files of AZUREML_BI_OUTPUT_PATH could not be written: {error}")

    async def remove_folders(self) -> None:
        """Remove the folders of the processes that do not stay warm."""
        for member in self._members:
            await member.slot.remove_folders()

    def _slot(self, number: int, folders: ProcessFolders, prepared: PreparedJob) -> ProcessSlot:
        environment = process_environment(
            self._spec,
            number=number,
            interpreter=prepared.interpreter,
            model_folder=prepared.model_folder,
            folders=folders,
            in_container=prepared.container is not None,
        )
        writable = (folders.work, folders.output, folders.home)
        launcher = prepared.launcher(self._settings.folder / "inputs", writable)
        return ProcessSlot(
            number,
            ProcessCommand(prepared.interpreter, environment, folders.work, prepared.setup, launcher),
            folders,
            init_timeout=self._spec.settings.init_timeout_seconds,
            start=self._start_process,
            logs=self._logs,
            warm=self._warm,
        )
