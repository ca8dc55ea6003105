"""The body of an invocation, in the form of 2021 (`dataset`) and in today's (`inputData`), and its job's settings.

Names of members are read in any case. The keys of `inputData`, `outputData`, `tags` and other maps stay as they are.
"""

from typing import Any, Literal

from pydantic import Field, field_validator

from shared.contracts.bodies import ArmModel, TextMap, parse_model, seconds_of
from shared.contracts.names import OUTPUT_FILE_NAME, check_environment_variables
from shared.contracts.resources import DeploymentProperties, NotificationSetting
from shared.contracts.settings import ScoringSettings, invocation_fields, value_at, with_fields
from shared.contracts.settings_table import ENVIRONMENT_VARIABLES, SCORING_SETTINGS, AnyCaseEnum, Setting, wire_keys
from shared.errors import ValidationError


class Dataset(ArmModel):
    """The input in the form of 2021."""

    data_input_type: Literal["DataUrl", "DatasetId", "DatasetVersion"]
    path: str | None = None
    """With `DataUrl`: http(s), wasbs or `azureml://` URL of a file or a folder."""
    dataset_id: str | None = None
    """With `DatasetId`: ARM id of a version of a data asset."""
    dataset_name: str | None = None
    dataset_version: str | None = None
    """With `DatasetVersion`: name and version of a data asset."""


class JobInput(ArmModel):
    """One entry of `inputData`."""

    job_input_type: str
    uri: str | None = None
    value: str | None = None
    exclude_suffix: str = ""
    """Files of a folder whose name ends with this text are not scored. Azure ML does not have this member."""


class JobOutputType(AnyCaseEnum):
    """What the URI of an output stands for."""

    URI_FILE = "UriFile"
    URI_FOLDER = "UriFolder"


class JobOutput(ArmModel):
    """One entry of `outputData`."""

    job_output_type: JobOutputType = JobOutputType.URI_FILE
    uri: str | None = None

    @property
    def file_name(self) -> str:
        """The file that the URI names, or an empty text if it names a folder.

        The official client also sends a folder as a file: a last part without a dot is one.
        """
        if self.job_output_type is JobOutputType.URI_FOLDER or not self.uri:
            return ""
        last = self.uri.rpartition("/")[2]
        return last if "." in last else ""

    @property
    def folder_uri(self) -> str:
        """The URI of the folder, without the file."""
        uri = self.uri or ""
        return uri.removesuffix(f"/{self.file_name}") if self.file_name else uri


class OutputDataset(ArmModel):
    """The output's place in the form of 2021."""

    datastore_id: str | None = None
    """ARM id or name of a datastore; the default one when absent."""
    path: str | None = None


@with_fields(invocation_fields())
class InvokeProperties(ArmModel):
    """`properties` of the body. The table of settings adds a member for each setting that a job may override."""

    name: str | None = None
    display_name: str | None = None
    description: str | None = None
    experiment_name: str | None = None
    tags: TextMap = Field(default_factory=dict)
    properties: TextMap = Field(default_factory=dict)
    dataset: Dataset | None = None
    input_data: dict[str, JobInput] = Field(default_factory=dict)
    output_dataset: OutputDataset | None = None
    output_data: dict[str, JobOutput] = Field(default_factory=dict)
    notification_setting: NotificationSetting = NotificationSetting()

    @field_validator(ENVIRONMENT_VARIABLES.job_member, check_fields=False)
    @classmethod
    def _can_be_set(cls, variables: dict[str, str]) -> dict[str, str]:
        check_environment_variables(variables, "environmentVariables")
        return variables


class InvokeBody(ArmModel):
    """The whole body."""

    properties: InvokeProperties


def scoring_settings(properties: DeploymentProperties) -> ScoringSettings:
    """Return the settings of a job without overrides; raise ValidationError for a value out of range."""
    values = {setting.name: _merged_value(setting, properties, setting.member) for setting in SCORING_SETTINGS}
    return parse_model(ScoringSettings, values)


def merged_settings(settings: ScoringSettings, body: InvokeProperties, max_instances: int) -> ScoringSettings:
    """Return the settings that the job runs with; raise ValidationError that names a wrong override."""
    overridable = [setting for setting in SCORING_SETTINGS if setting.for_jobs]
    given = [setting for setting in overridable if value_at(body, setting.job_member) not in {None, ""}]
    overrides = {setting.name: _merged_value(setting, body, setting.job_member) for setting in given}
    if name := output_file_name(body):
        overrides["output_file_name"] = name
    merged = parse_model(ScoringSettings, {**settings.model_dump(), **overrides})
    if merged.instance_count > max_instances:
        raise ValidationError(
            f"compute.instanceCount {merged.instance_count} is not valid: the compute has at most {max_instances} "
            "instances",
            target="compute.instanceCount",
        )
    OUTPUT_FILE_NAME.check(merged.output_file_name)
    return merged


def environment_variables(properties: DeploymentProperties | InvokeProperties) -> dict[str, str]:
    """Return the environment variables that the deployment or the invocation gives."""
    variables: dict[str, str] = value_at(properties, ENVIRONMENT_VARIABLES.name)
    return variables


def _merged_value(setting: Setting, properties: ArmModel, path: str) -> Any:
    value = value_at(properties, path)
    is_duration = setting.is_duration and value is not None
    return seconds_of(value, ".".join(wire_keys(path))) if is_duration else value


def output_file_name(body: InvokeProperties) -> str | None:
    """Return the name of the output file: its own member, or the last part of the output's URI."""
    if name := value_at(body, "output_file_name"):
        return str(name)
    output = placed_output(body)
    return (output.file_name or None) if output else None


def asks_for_a_file(body: InvokeProperties) -> bool:
    """Return True if the body asks for one file, by the output's URI or by a file name without a URI."""
    outputs = body.output_data.values()
    return any(
        bool(output.file_name or (not output.uri and value_at(body, "output_file_name")))
        for output in outputs
        if output.job_output_type is JobOutputType.URI_FILE
    )


def placed_output(body: InvokeProperties) -> JobOutput | None:
    """Return the output if it has a URI; raise ValidationError for more than one output."""
    if len(body.output_data) > 1:
        raise ValidationError(
            f"outputData has {len(body.output_data)} entries; a model deployment has one output", target="outputData"
        )
    return next((output for output in body.output_data.values() if output.uri), None)
