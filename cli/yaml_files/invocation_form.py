"""Inputs and outputs of an invocation in a YAML file (`batch-endpoint invoke --file`)."""

from typing import Literal

from pydantic import Field, model_validator

from cli.yaml_files.form import FileForm, Form


class InputForm(Form):
    """An input: a URI, `azureml:<name>:<version>`, or a file or folder on this machine."""

    type: Literal["uri_file", "uri_folder"] | None = None
    path: str
    mode: str | None = None
    """Azure ML mounts or downloads as it says; here it is read and not used."""


class OutputForm(Form):
    """An output: a folder, or a file, in a datastore."""

    type: Literal["uri_file", "uri_folder"] | None = None
    path: str | None = None
    mode: str | None = None


class InvocationForm(FileForm):
    """A model deployment has one input and one output; their names are yours."""

    inputs: dict[str, InputForm] = Field(default_factory=dict)
    outputs: dict[str, OutputForm] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_of_each(self) -> "InvocationForm":
        for key, entries in (("inputs", self.inputs), ("outputs", self.outputs)):
            if len(entries) > 1:
                raise ValueError(f"`{key}` has {len(entries)} entries; a model deployment has one")
        return self
