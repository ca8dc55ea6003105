"""Models, environments and data in YAML files: inside a deployment, or in a file each."""

from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from cli.yaml_files.form import AssetName, AssetVersion, FileForm, Form, Text, Variables

FILE_PREFIX = "file:"


def or_reference(key: str, form: type[Form]) -> BeforeValidator:
    """Turn `azureml:…` into a mapping with the one key `key`, so that the value always has the same type."""

    def as_mapping(value: Any) -> Any:
        return {key: value.strip()} if isinstance(value, str) else value

    return BeforeValidator(as_mapping, json_schema_input_type=str | form)


def without_file_prefix(path: str) -> str:
    """Return `file:./x`, which is how files of 2021 write a local path, as `./x`."""
    return path.removeprefix(FILE_PREFIX)


class ModelForm(Form):
    """`model:`, a reference to a registered model, or a local folder or file to register."""

    reference: SkipJsonSchema[str | None] = Field(default=None, alias="(reference)")
    name: AssetName | None = None
    version: AssetVersion | None = None
    local_path: str | None = None
    path: str | None = None
    type: Literal["mlflow_model", "custom_model"] | None = None
    description: Text | None = None
    tags: Variables = Field(default_factory=dict)
    properties: Variables = Field(default_factory=dict)

    @property
    def folder(self) -> str:
        """Today's `path`, or `local_path` of 2021."""
        return without_file_prefix(self.path or self.local_path or "")

    @model_validator(mode="after")
    def _one_kind(self) -> "ModelForm":
        if self.reference is None and bool(self.path) == bool(self.local_path):
            raise ValueError(
                "give either `path` (`local_path` in the 2021 form) or a reference `azureml:<name>:<version>`"
            )
        return self


class DockerForm(Form):
    """`docker:` in the form of 2021."""

    image: str


class EnvironmentForm(Form):
    """`environment:`, a reference, or an image with a conda file."""

    not_offered = MappingProxyType(
        {"build": "this service does not build images; push the image, and name it as `image`"}
    )

    reference: SkipJsonSchema[str | None] = Field(default=None, alias="(reference)")
    name: AssetName | None = None
    version: AssetVersion | None = None
    path: str | None = None
    """The folder of `conda_file`, in the form of 2021."""
    conda_file: str | dict[str, Any] | None = None
    image: str | None = None
    docker: DockerForm | None = None
    os_type: Annotated[Literal["linux"], BeforeValidator(lambda word: str(word).lower())] | None = None
    description: Text | None = None
    tags: Variables = Field(default_factory=dict)
    properties: Variables = Field(default_factory=dict)

    @property
    def image_name(self) -> str:
        """Today's `image`, or `docker.image` of 2021."""
        return self.image or (self.docker.image if self.docker else "")

    @model_validator(mode="after")
    def _complete(self) -> "EnvironmentForm":
        if self.image and self.docker:
            raise ValueError("give `image` or `docker.image`, not both")
        if self.reference is None and not self.image_name and not self.conda_file:
            raise ValueError(
                "give an `image` (`docker.image` in the 2021 form), a `conda_file` or a reference "
                "`azureml:<name>:<version>`"
            )
        return self


class ModelFile(FileForm, ModelForm):
    """A model in a file of its own."""


class EnvironmentFile(FileForm, EnvironmentForm):
    """An environment in a file of its own."""


class DataFile(FileForm):
    """A data asset: a local file or folder to upload, or a URI."""

    name: AssetName | None = None
    version: AssetVersion | None = None
    type: Literal["uri_file", "uri_folder"] | None = None
    path: str | None = None
    local_path: str | None = None
    description: Text | None = None
    tags: Variables = Field(default_factory=dict)
    properties: Variables = Field(default_factory=dict)

    @property
    def place(self) -> str:
        """Today's `path`, or `local_path` of 2021."""
        return without_file_prefix(self.path or self.local_path or "")

    @model_validator(mode="after")
    def _one_place(self) -> "DataFile":
        if bool(self.path) == bool(self.local_path):
            raise ValueError("give either `path` or `local_path`")
        return self
