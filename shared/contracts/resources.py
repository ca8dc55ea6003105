"""The resources of a workspace: ARM `properties` of each kind, with Azure ML's names and defaults.

Members travel in camelCase and are read in any case; unknown members are kept and given back, so that clients of
other ages lose nothing. Source: `Microsoft.MachineLearningServices`, versions 2023-10-01 and 2024-01-01-preview.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from shared.contracts.bodies import ArmModel, TextMap
from shared.contracts.names import WEBHOOK_NAME
from shared.contracts.settings import deployment_fields, with_fields
from shared.contracts.settings_table import AnyCaseEnum

MAX_NODES = 1_000
"""Source: the most machines of a virtual machine scale set
(https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-placement-groups).
A job sends a message for each node."""


class ScaleSettings(ArmModel):
    """How many instances a compute may have."""

    min_node_count: int = Field(default=0, ge=0)
    max_node_count: int = Field(default=4, ge=1)
    node_idle_time_before_scale_down: str = "PT120S"
    """ISO 8601."""


class AmlComputeProperties(ArmModel):
    """`properties.properties` of a compute."""

    read_only = frozenset(
        {
            "allocationstate",
            "allocationstatetransitiontime",
            "currentnodecount",
            "targetnodecount",
            "nodestatecounts",
            "errors",
        }
    )

    vm_size: str = "STANDARD_DS3_V2"
    vm_priority: Literal["Dedicated", "LowPriority"] = "Dedicated"
    os_type: Literal["Linux"] = "Linux"
    scale_settings: ScaleSettings = ScaleSettings()


class ComputeProperties(ArmModel):
    """A compute target."""

    read_only = frozenset(
        {"provisioningstate", "provisioningerrors", "createdon", "modifiedon", "isattachedcompute", "computelocation"}
    )

    compute_type: Literal["AmlCompute"] = "AmlCompute"
    description: str | None = None
    properties: AmlComputeProperties = AmlComputeProperties()


class AssetProperties(ArmModel):
    """The members that all assets have."""

    read_only = frozenset({"provisioningstate"})

    description: str | None = None
    tags: TextMap = Field(default_factory=dict)
    properties: TextMap = Field(default_factory=dict)
    is_anonymous: bool = False
    is_archived: bool = False


class ModelProperties(AssetProperties):
    """A version of a model."""

    model_type: Literal["mlflow_model", "custom_model", "triton_model"] = "custom_model"
    model_uri: str
    flavors: dict[str, Any] = Field(default_factory=dict)
    """Never null, because the official client fails on null."""


class DataProperties(AssetProperties):
    """A version of a data asset."""

    data_type: Literal["uri_file", "uri_folder"] = "uri_folder"
    data_uri: str


class EnvironmentProperties(AssetProperties):
    """A version of an environment."""

    image: str | None = None
    conda_file: str | None = None
    """YAML text."""
    os_type: str = "Linux"


class CodeProperties(AssetProperties):
    """A version of uploaded code."""

    code_uri: str


class DatastoreProperties(ArmModel):
    """A named blob container. Secrets are stored apart and never returned."""

    read_only = frozenset({"isdefault", "containeruri"})

    datastore_type: Literal["AzureBlob"] = "AzureBlob"
    account_name: str
    container_name: str
    endpoint: str | None = None
    protocol: str | None = None
    credentials: dict[str, Any] = Field(default_factory=lambda: {"credentialsType": "None"})
    description: str | None = None
    tags: TextMap = Field(default_factory=dict)

    @property
    def has_secret(self) -> bool:
        """Whether the service stores a key or SAS for it."""
        return str(self.credentials.get("credentialsType", "None")) != "None"


class EndpointDefaults(ArmModel):
    """The deployment of an invocation that names none."""

    deployment_name: str | None = None


class JobEvent(AnyCaseEnum):
    """How a job ended (Azure ML's `eventType`)."""

    COMPLETED = "JobCompleted"
    FAILED = "JobFailed"
    CANCELLED = "JobCancelled"


class Webhook(ArmModel):
    """A receiver of a job's end. It gets a CloudEvent as a POST to `url`. `CloudEvents` is this service's own type."""

    webhook_type: Literal["CloudEvents"]
    url: str = Field(max_length=2000)
    """Shown to everybody who may read the job. Requests carry a signature, so the URL needs no secret."""
    event_type: JobEvent | None = None
    """The only end that is reported. Absent: every end."""


class NotificationSetting(ArmModel):
    """The receivers of a job's end (`notificationSetting` of Azure ML's jobs)."""

    webhooks: dict[str, Webhook] = Field(default_factory=dict, max_length=10)

    @field_validator("webhooks")
    @classmethod
    def _named_well(cls, value: dict[str, Webhook]) -> dict[str, Webhook]:
        for name in value:
            WEBHOOK_NAME.check(name)
        return value

    @model_validator(mode="before")
    @classmethod
    def _no_mail(cls, data: Any) -> Any:
        if isinstance(data, dict) and any(key.lower() in {"emails", "emailon"} and data[key] for key in data):
            raise ValueError("mail is not supported: name webhooks")
        return data


class EndpointProperties(ArmModel):
    """A batch endpoint."""

    read_only = frozenset({"provisioningstate", "scoringuri", "swaggeruri", "keys"})

    auth_mode: str = "AADToken"
    description: str | None = None
    properties: TextMap = Field(default_factory=dict)
    defaults: EndpointDefaults = EndpointDefaults()
    notification_setting: NotificationSetting = NotificationSetting()
    """For all jobs of the endpoint. A webhook of the same name in an invocation overrides it."""


class AssetReference(ArmModel):
    """A reference to an asset by its ARM id."""

    reference_type: Literal["Id"] = "Id"
    asset_id: str


class CodeConfiguration(ArmModel):
    """Uploaded code and the script in it."""

    code_id: str
    scoring_script: str


@with_fields(deployment_fields())
class DeploymentProperties(ArmModel):
    """A batch deployment. The table of settings adds a member for each setting."""

    read_only = frozenset({"provisioningstate"})

    model: AssetReference
    compute: str
    """ARM id."""
    code_configuration: CodeConfiguration | None = None
    environment_id: str | None = None
    description: str | None = None
    properties: TextMap = Field(default_factory=dict)


class ComputeLimits(BaseModel):
    """The part of a compute that scaling needs."""

    model_config = ConfigDict(frozen=True)

    compute: str
    min_instances: int
    max_instances: int
    idle_seconds: float
    """An instance that is idle for this many seconds may be removed."""
