"""One instance: a scorer node process with its own folder."""

import asyncio
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.processes.program import Program
from local.processes.supervised import SupervisedProcess

# More than the instances that may run at a time: a running one never loses its log.
_LOGS_KEPT = 300


@dataclass(frozen=True, slots=True)
class InstanceTemplate:
    """The common parts of all instances."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    """The storage settings and everything else that a node needs. The instance's own variables are added."""

    data_dir: Path
    working_folder: Path
    """Current directory of the process, from which Python finds the packages of a checkout."""

    def folder(self, instance_id: str) -> Path:
        """Return the folder with the work files of an instance. It is removed with the instance."""
        return self.data_dir / "nodes" / instance_id

    @property
    def logs(self) -> Path:
        """The folder for the standard output and standard error of the instances."""
        return self.data_dir / "logs"

    def program(self, compute: str, instance_id: str) -> Program:
        """Return the program of an instance of `compute`."""
        variables = {
            "BATCH_COMPUTE": compute,
            "BATCH_NODE_ID": instance_id,
            "BATCH_NODE_DIR": str(self.folder(instance_id)),
            "BATCH_NODE_CACHE": str(self.data_dir / "cache"),
        }
        log = self.logs / f"{instance_id}.log"
        return Program(instance_id, self.command, {**self.environment, **variables}, self.working_folder, log)


def remove_old_logs(folder: Path, keep: int = _LOGS_KEPT) -> None:
    """Remove the logs of all but the `keep` instances that wrote last."""
    logs = sorted(folder.glob("*.log*"), key=lambda log: log.stat().st_mtime)
    for log in logs[:-keep]:
        log.unlink()


class Instance:
    """An instance, from its first start until its process has ended and its folder is removed."""

    def __init__(
        self, compute: str, instance_id: str, template: InstanceTemplate, on_change: Callable[[], None]
    ) -> None:
        """`on_change` is called whenever the state or the process changes."""
        self.id = instance_id
        self.wanted = True
        self._folder = template.folder(instance_id)
        self._folder.mkdir(parents=True, exist_ok=True)
        (template.data_dir / "cache").mkdir(exist_ok=True)
        remove_old_logs(template.logs)
        self.process = SupervisedProcess(template.program(compute, instance_id), on_change=on_change)
        self.process.start()

    async def suspend(self, grace_seconds: float) -> None:
        """End the process but keep the instance, which starts again at the next start."""
        await self.process.stop(grace_seconds)

    async def remove(self, grace_seconds: float) -> None:
        """End the process and remove the instance's work files."""
        await self.process.stop(grace_seconds)
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    def as_json(self) -> dict[str, object]:
        """Return the instance as the API shows it."""
        process = self.process
        return {
            "id": self.id,
            "state": process.state.value,
            "pid": process.identity.pid if process.identity else None,
            "started_at": process.started_at.isoformat() if process.started_at else None,
        }
