"""The body of an invocation, in the form of 2021 (`dataset`) and in today's (`inputData`).

Member names are read in any case; the keys of
`inputData`, `outputData`, `tags` and the like stay as they are.
"""

from typing import Literal

from pydantic import Field, field_validator

from shared.contracts.bodies import AnyCaseEnum, ArmModel, TextMap
from shared.contracts.names import check_environment_variables
from shared.contracts.resources import NotificationSetting
from shared.contracts.settings import LoggingLevel, OutputAction


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
    """Files of a folder whose names end so are not scored. Azure ML has no such member."""


class JobOutputType(AnyCaseEnum):
    """What the URI of an output names."""

    URI_FILE = "UriFile"
    URI_FOLDER = "UriFolder"


class JobOutput(ArmModel):
    """One entry of `outputData`."""

    job_output_type: JobOutputType = JobOutputType.URI_FILE
    uri: str | None = None

    @property
    def file_name(self) -> str:
        """The file that the URI names; empty when it names a folder.

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


class InvokeCompute(ArmModel):
    """The part of `compute` that a job may override."""

    instance_count: int | None = Field(default=None, ge=1)


class InvokeRetrySettings(ArmModel):
    """The parts of `retrySettings` that a job may override."""

    max_retries: int | None = Field(default=None, ge=0)
    timeout: str | None = None
    """ISO 8601."""


class InvokeProperties(ArmModel):
    """`properties` of the body."""

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
    output_file_name: str | None = None
    output_action: OutputAction | None = None
    compute: InvokeCompute = InvokeCompute()
    mini_batch_size: int | None = Field(default=None, ge=1)
    max_concurrency_per_instance: int | None = Field(default=None, ge=1)
    error_threshold: int | None = Field(default=None, ge=-1)
    retry_settings: InvokeRetrySettings = InvokeRetrySettings()
    init_timeout: str | None = None
    """ISO 8601."""
    logging_level: LoggingLevel | None = None
    environment_variables: TextMap = Field(default_factory=dict)
    notification_setting: NotificationSetting = NotificationSetting()

    @field_validator("environment_variables")
    @classmethod
    def _can_be_set(cls, variables: dict[str, str]) -> dict[str, str]:
        check_environment_variables(variables, "environmentVariables")
        return variables


class InvokeBody(ArmModel):
    """The whole body."""

    properties: InvokeProperties
