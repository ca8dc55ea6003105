"""The deployment in a YAML file: the seed's 2021 form, the intermediate one and today's, in one.

`model: azureml:name:1` and `model: {name: …}` are told apart before pydantic sees them, so that a complaint names
a key of the file and not a member of a union. docs/yaml.md has the table of all keys.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from cli.yaml_files.form import REFERENCE, FileForm, Form, Text, Variables
from shared.contracts.names import DEPLOYMENT_NAME, ENDPOINT_NAME, OUTPUT_FILE_NAME, NameRule
from shared.contracts.settings import MAX_TIMEOUT_SECONDS
from shared.errors import ValidationError

FILE_PREFIX = "file:"


def named_by(rule: NameRule) -> Any:
    """A validator that explains a bad name."""

    def check(value: str) -> str:
        try:
            return rule.check(value)
        except ValidationError as error:
            raise ValueError(error.message) from None

    return AfterValidator(check)


def _lower(value: Any) -> Any:
    """Words are accepted in any case and in ARM's spelling: `AppendRow` is `append_row`."""
    if not isinstance(value, str):
        return value
    word = value.strip().lower()
    return {"appendrow": "append_row", "summaryonly": "summary_only"}.get(word, word)


def _reference(key: str) -> BeforeValidator:
    """Make `azureml:…` a mapping with the one key `reference`, so that the value has one type."""
    return BeforeValidator(lambda value: {key: value.strip()} if isinstance(value, str) else value)


def without_file_prefix(path: str) -> str:
    """`file:./x` as `./x`, the 2021 way to write a local path."""
    return path.removeprefix(FILE_PREFIX)


DeploymentName = Annotated[Text, named_by(DEPLOYMENT_NAME)]
EndpointName = Annotated[Text, named_by(ENDPOINT_NAME)]
OutputFileName = Annotated[Text, named_by(OUTPUT_FILE_NAME)]
OutputActionWord = Annotated[Literal["append_row", "summary_only"], BeforeValidator(_lower)]
LoggingLevelWord = Annotated[Literal["warning", "info", "debug"], BeforeValidator(_lower)]


class ModelForm(Form):
    """`model:` a reference to a registered model, or a local folder or file to register."""

    reference: str | None = Field(default=None, alias="(reference)")
    name: Text | None = None
    version: Text | None = None
    local_path: str | None = None
    path: str | None = None
    type: Literal["mlflow_model", "custom_model"] | None = None
    description: str | None = None
    tags: Variables = Field(default_factory=dict)

    @property
    def folder(self) -> str:
        """Today's `path`, 2021's `local_path`."""
        return without_file_prefix(self.path or self.local_path or "")

    @model_validator(mode="after")
    def _one_kind(self) -> "ModelForm":
        if self.reference is None and bool(self.path) == bool(self.local_path):
            raise ValueError(
                "give either `path` (`local_path` in the 2021 form) or a reference `azureml:<name>:<version>`"
            )
        return self


class CodePathForm(Form):
    """`code:` of the 2021 form."""

    local_path: str


class CodeForm(Form):
    """`code_configuration:`"""

    code: Annotated[CodePathForm, _reference("local_path")]
    scoring_script: str


class DockerForm(Form):
    """`docker:` of the 2021 form."""

    image: str


class EnvironmentForm(Form):
    """`environment:` a reference, or an image with a conda file."""

    reference: str | None = Field(default=None, alias="(reference)")
    name: Text | None = None
    version: Text | None = None
    path: str | None = None
    """What `conda_file` is relative to (2021 form)."""
    conda_file: str | dict[str, Any] | None = None
    image: str | None = None
    docker: DockerForm | None = None
    description: str | None = None
    tags: Variables = Field(default_factory=dict)

    @property
    def image_name(self) -> str:
        """Today's `image`, 2021's `docker.image`."""
        return self.image or (self.docker.image if self.docker else "")

    @model_validator(mode="after")
    def _complete(self) -> "EnvironmentForm":
        if self.image and self.docker:
            raise ValueError("give `image` or `docker.image`, not both")
        if self.reference is None and not self.image_name:
            raise ValueError(
                "give an `image` (`docker.image` in the 2021 form) or a reference `azureml:<name>:<version>`"
            )
        return self


class ComputeTargetForm(Form):
    """`compute:` the name of a compute (today), or target and number of instances (2021)."""

    target: str
    instance_count: int | None = Field(default=None, ge=1)


class RetryForm(Form):
    """`retry_settings:`"""

    max_retries: int | None = Field(default=None, ge=0)
    timeout: int | None = Field(default=None, gt=0, le=MAX_TIMEOUT_SECONDS)


class ResourcesForm(Form):
    """`resources:`"""

    instance_count: int | None = Field(default=None, ge=1)


class OutputConfigurationForm(Form):
    """`output_configuration:` of spring 2021."""

    output_action: OutputActionWord | None = None
    append_row_file_name: OutputFileName | None = None


class SettingKeys(Form):
    """The settings of scoring: at the root until 2023, below `settings:` since."""

    mini_batch_size: int | None = Field(default=None, ge=1)
    max_concurrency_per_instance: int | None = Field(default=None, ge=1)
    instance_count: int | None = Field(default=None, ge=1)
    output_action: OutputActionWord | None = None
    output_file_name: OutputFileName | None = None
    error_threshold: int | None = Field(default=None, ge=-1)
    retry_settings: RetryForm | None = None
    logging_level: LoggingLevelWord | None = None
    environment_variables: Variables | None = None


class DeploymentForm(FileForm, SettingKeys):
    """A deployment: an item of `deployments:` or a file of its own."""

    name: DeploymentName
    endpoint_name: EndpointName | None = None
    description: str | None = None
    tags: Variables = Field(default_factory=dict)
    properties: Variables = Field(default_factory=dict)
    type: Literal["model", "batch"] | None = None
    model: Annotated[ModelForm, _reference(REFERENCE)]
    code_configuration: CodeForm | None = None
    environment: Annotated[EnvironmentForm, _reference(REFERENCE)] | None = None
    compute: Annotated[ComputeTargetForm, _reference("target")]
    resources: ResourcesForm | None = None
    output_configuration: OutputConfigurationForm | None = None
    settings: SettingKeys | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_pipeline(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("type") == "pipeline":
            raise ValueError("deployments of `type: pipeline` are not offered; use `type: model`")
        return data

    @model_validator(mode="after")
    def _each_setting_once(self) -> "DeploymentForm":
        for name, places in self.setting_places().items():
            given = [place for place, value in places.items() if value is not None]
            if len(given) > 1:
                raise ValueError(f"{name} is given twice: as `{given[0]}` and as `{given[1]}`; keep one")
        return self

    def setting(self, name: str) -> Any:
        """The value of a setting, wherever the file has it; None when it has it nowhere."""
        return next((value for value in self.setting_places()[name].values() if value is not None), None)

    def setting_places(self) -> dict[str, dict[str, Any]]:
        """For each setting: the places where a file of some age may have it, with the values found."""
        places: dict[str, dict[str, Any]] = {}
        for name in SettingKeys.model_fields:
            places[name] = {name: getattr(self, name)}
            places[name][f"settings.{name}"] = getattr(self.settings, name) if self.settings else None
        output = self.output_configuration or OutputConfigurationForm()
        places["output_action"]["output_configuration.output_action"] = output.output_action
        places["output_file_name"]["output_configuration.append_row_file_name"] = output.append_row_file_name
        places["instance_count"]["resources.instance_count"] = self.resources.instance_count if self.resources else None
        places["instance_count"]["compute.instance_count"] = self.compute.instance_count
        return places
