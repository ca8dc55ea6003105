"""Invocations in YAML files: of `batch-endpoint invoke --file`, of a schedule, of a trigger."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from cli.yaml_files.deployment_form import SettingKeys
from cli.yaml_files.form import DeploymentName, EndpointName, FileForm, Form, ScheduleName, Text, TriggerName, Variables


class InputForm(Form):
    """An input: a URI, `azureml:<name>:<version>`, or a file or folder on this machine."""

    type: Literal["uri_file", "uri_folder"] | None = None
    path: str = Field(min_length=1)
    mode: str | None = None
    """How Azure ML makes the data available. This service accepts the key and ignores it."""


class OutputForm(Form):
    """An output: a folder, or a file, in a datastore."""

    type: Literal["uri_file", "uri_folder"] | None = None
    path: str | None = None
    mode: str | None = None


class InvocationForm(FileForm):
    """The file of an invocation: one input and one output, with names of the user's choice."""

    inputs: dict[str, InputForm] = Field(default_factory=dict)
    outputs: dict[str, OutputForm] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_of_each(self) -> "InvocationForm":
        for key, entries in (("inputs", self.inputs), ("outputs", self.outputs)):
            if len(entries) > 1:
                raise ValueError(f"`{key}` has {len(entries)} entries; a model deployment has one")
        return self


def _instant(text: str) -> str:
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(
            f"{text!r} is not a date or time; write 2027-01-01T06:00:00, with an offset or without"
        ) from None


Instant = Annotated[Text, AfterValidator(_instant)]


class StartedJobForm(FileForm):
    """The endpoint, and what its jobs override in the deployment's settings."""

    description: Text | None = None
    enabled: bool = True
    endpoint: EndpointName
    deployment: DeploymentName | None = None
    output: OutputForm | None = None
    settings: SettingKeys = SettingKeys()
    tags: Variables = Field(default_factory=dict)
    webhooks: dict[str, str] = Field(default_factory=dict)


class ScheduleForm(StartedJobForm):
    """A schedule file."""

    name: ScheduleName | None = None
    """May also be given as `--name`."""
    cron: str
    time_zone: str = "UTC"
    start_time: Instant | None = None
    end_time: Instant | None = None
    allow_overlap: bool = False
    input: InputForm | None = None
    """May also be given by the options for inputs."""


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
