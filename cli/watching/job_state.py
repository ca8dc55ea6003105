"""The state of a job, read from the management API."""

import time
from dataclasses import dataclass
from typing import Any

from cli.api.workspace import Resource, Workspace

TERMINAL = frozenset({"Completed", "Failed", "Canceled", "NotResponding", "Paused"})
SUCCESS = "Completed"
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class JobState:
    """A job at one moment."""

    resource: Resource

    @property
    def _properties(self) -> dict[str, Any]:
        properties: dict[str, Any] = self.resource["properties"]
        return properties

    @property
    def name(self) -> str:
        """The job's name."""
        return str(self.resource["name"])

    @property
    def status(self) -> str:
        """The job's status."""
        return str(self._properties["status"])

    @property
    def is_terminal(self) -> bool:
        """True if the status is final."""
        return self.status in TERMINAL

    @property
    def statistics(self) -> dict[str, Any]:
        """Files, mini-batches, rows, seconds of each phase."""
        return self._properties.get("statistics") or {}

    @property
    def files(self) -> int:
        """Number of all files; 0 until they are listed."""
        return int(self.statistics.get("files") or 0)

    @property
    def files_done(self) -> int:
        """Number of files that succeeded or failed."""
        return int(self.statistics.get("succeeded") or 0) + int(self.statistics.get("failed") or 0)

    @property
    def web_view(self) -> str:
        """URL of the job's page."""
        services = self._properties.get("services") or {}
        return str((services.get("Studio") or {}).get("endpoint") or "")

    @property
    def output_uri(self) -> str:
        """URI of the output `score`: a folder, or one file."""
        return str(self._output.get("uri") or "")

    @property
    def errors_file_name(self) -> str:
        """Name of the list of failed items next to an output of one file; empty if the output is a folder."""
        return str(self._output.get("errorsFileName") or "")

    @property
    def _output(self) -> dict[str, Any]:
        outputs: dict[str, Any] = self._properties.get("outputs") or {}
        return outputs.get("score") or {}

    @property
    def warnings(self) -> list[str]:
        """What keeps the job from continuing."""
        return [str(warning.get("message") or "") for warning in self._properties.get("warnings") or []]

    @property
    def error(self) -> str:
        """Why the job failed, in one sentence, with the file that caused it."""
        error = self._properties.get("error") or {}
        message = " ".join(str(error.get("message") or "").split())
        file = error.get("file")
        return f"{message} (file {file})" if file and str(file) not in message else message


def ended_job(workspace: Workspace, name: str) -> JobState:
    """Wait until the job has ended, and return its last state."""
    while not (job := JobState(workspace.get(f"jobs/{name}"))).is_terminal:
        time.sleep(POLL_SECONDS)
    return job
