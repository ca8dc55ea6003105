"""The deployment in a YAML file: the seed's 2021 form, the intermediate one and today's, in one.

`model: azureml:name:1` and `model: {name: …}` are told apart before pydantic sees them, so that a complaint names
a key of the file and not a member of a union. docs/yaml.md has the table of all keys.
"""

from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from cli.yaml_files.asset_forms import FILE_PREFIX, EnvironmentForm, ModelForm, or_reference
from cli.yaml_files.form import (
    REFERENCE,
    DeploymentName,
    EndpointName,
    FileForm,
    Form,
    OutputFileName,
    Text,
    Variables,
    Whole,
)
from shared.contracts.bodies import duration_text
from shared.contracts.names import fault_of_variable
from shared.contracts.settings import MAX_TIMEOUT_SECONDS


def _lower(value: Any) -> Any:
    """Words are accepted in any case and in ARM's spelling: `AppendRow` is `append_row`."""
    if not isinstance(value, str):
        return value
    word = value.strip().lower()
    return {"appendrow": "append_row", "summaryonly": "summary_only"}.get(word, word)


def _can_be_set(variables: dict[str, str]) -> dict[str, str]:
    for name, value in variables.items():
        if fault := fault_of_variable(name, value):
            raise ValueError(fault)
    return variables


EnvironmentVariables = Annotated[Variables, AfterValidator(_can_be_set)]
OutputActionWord = Annotated[Literal["append_row", "summary_only"], BeforeValidator(_lower)]
LoggingLevelWord = Annotated[Literal["warning", "info", "debug"], BeforeValidator(_lower)]


class CodePathForm(Form):
    """`code:` of the 2021 form."""

    local_path: str

    @property
    def is_elsewhere(self) -> bool:
        """Whether it names something registered or a URI, not a folder on this machine."""
        is_uri = "://" in self.local_path and not self.local_path.startswith(FILE_PREFIX)
        return is_uri or self.local_path.startswith(("azureml:", "/subscriptions/"))


class CodeForm(Form):
    """`code_configuration:`"""

    code: Annotated[CodePathForm, or_reference("local_path", CodePathForm)]
    scoring_script: str


class ComputeTargetForm(Form):
    """`compute:` the name of a compute (today), or target and number of instances (2021)."""

    target: str
    instance_count: Whole | None = Field(default=None, ge=1)


class RetryForm(Form):
    """`retry_settings:`"""

    max_retries: Whole | None = Field(default=None, ge=0)
    timeout: Whole | None = Field(default=None, gt=0, le=MAX_TIMEOUT_SECONDS)


class ResourcesForm(Form):
    """`resources:`"""

    not_offered = MappingProxyType(
        dict.fromkeys(
            ("instance_type", "properties", "shm_size", "docker_args", "locations", "max_instance_count"),
            "the compute decides what its machines are like; leave it out",
        )
    )

    instance_count: Whole | None = Field(default=None, ge=1)


class OutputConfigurationForm(Form):
    """`output_configuration:` of spring 2021."""

    output_action: OutputActionWord | None = None
    append_row_file_name: OutputFileName | None = None


class SettingKeys(Form):
    """The settings of scoring: at the root until 2023, below `settings:` since."""

    mini_batch_size: Whole | None = Field(default=None, ge=1)
    max_concurrency_per_instance: Whole | None = Field(default=None, ge=1)
    instance_count: Whole | None = Field(default=None, ge=1)
    output_action: OutputActionWord | None = None
    output_file_name: OutputFileName | None = None
    error_threshold: Whole | None = Field(default=None, ge=-1)
    retry_settings: RetryForm | None = None
    init_timeout: Whole | None = Field(default=None, gt=0, le=MAX_TIMEOUT_SECONDS)
    logging_level: LoggingLevelWord | None = None
    environment_variables: EnvironmentVariables | None = None


class DeploymentForm(FileForm, SettingKeys):
    """A deployment: an item of `deployments:` or a file of its own."""

    name: DeploymentName
    endpoint_name: EndpointName | None = None
    description: Text | None = None
    tags: Variables = Field(default_factory=dict)
    properties: Variables = Field(default_factory=dict)
    type: Literal["model", "batch"] | None = None
    model: Annotated[ModelForm, or_reference(REFERENCE, ModelForm)]
    code_configuration: CodeForm | None = None
    environment: Annotated[EnvironmentForm, or_reference(REFERENCE, EnvironmentForm)] | None = None
    compute: Annotated[ComputeTargetForm, or_reference("target", ComputeTargetForm)]
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


_PLAIN = {
    "mini_batch_size": "miniBatchSize",
    "max_concurrency_per_instance": "maxConcurrencyPerInstance",
    "output_file_name": "outputFileName",
    "error_threshold": "errorThreshold",
    "environment_variables": "environmentVariables",
}
_OUTPUT_ACTIONS = {"append_row": "AppendRow", "summary_only": "SummaryOnly"}


def wire_settings(form: DeploymentForm) -> dict[str, Any]:
    """The settings that the file gives; the service fills in the others."""
    wire = {name: form.setting(key) for key, name in _PLAIN.items()}
    if action := form.setting("output_action"):
        wire["outputAction"] = _OUTPUT_ACTIONS[action]
    if level := form.setting("logging_level"):
        wire["loggingLevel"] = level.capitalize()
    if (count := form.setting("instance_count")) is not None:
        wire["resources"] = {"instanceCount": count}
    if retry := form.setting("retry_settings"):
        wire["retrySettings"] = _retry(retry)
    if limit := form.setting("init_timeout"):
        wire["initTimeout"] = duration_text(limit)
    return {name: value for name, value in wire.items() if value is not None}


def _retry(retry: RetryForm) -> dict[str, Any]:
    wire = {"maxRetries": retry.max_retries, "timeout": duration_text(retry.timeout) if retry.timeout else None}
    return {name: value for name, value in wire.items() if value is not None}
