"""The blob trigger in a YAML file."""

from typing import Literal

from pydantic import model_validator

from cli.yaml_files.names import TriggerName
from cli.yaml_files.started_job import StartedJobForm


class TriggerForm(StartedJobForm):
    """A blob trigger file."""

    name: TriggerName | None = None
    """May also be given as `--name`."""
    path: str
    ends_with: str = ""
    input: Literal["file", "folder"] = "file"

    @model_validator(mode="after")
    def _marker(self) -> "TriggerForm":
        if self.input == "folder" and not self.ends_with:
            raise ValueError("`input: folder` needs `ends_with`, the marker of a complete folder, such as _SUCCESS")
        return self
