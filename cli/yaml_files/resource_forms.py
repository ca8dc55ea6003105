"""Computes and datastores in YAML files."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from cli.yaml_files.form import ComputeName, FileForm, Form, Text, Variables, Whole
from shared.contracts.bodies import duration_text
from shared.contracts.resources import MAX_NODES


def _plain_word(value: Any) -> Any:
    return value.replace("_", "").lower() if isinstance(value, str) else value


class ComputeForm(FileForm):
    """The file of a compute cluster. The service sets the defaults."""

    name: ComputeName | None = None
    """May also be given as `--name`."""
    type: Annotated[Literal["amlcompute"], BeforeValidator(_plain_word)] = "amlcompute"
    description: Text | None = None
    tags: Variables = Field(default_factory=dict)
    location: str | None = None
    size: str | None = None
    tier: Annotated[Literal["dedicated", "lowpriority"], BeforeValidator(_plain_word)] | None = None
    min_instances: Whole | None = Field(default=None, ge=0, le=MAX_NODES)
    max_instances: Whole | None = Field(default=None, ge=1, le=MAX_NODES)
    idle_time_before_scale_down: Whole | None = Field(default=None, ge=0)
    """Seconds."""

    @model_validator(mode="after")
    def _bounds(self) -> "ComputeForm":
        if (
            self.min_instances is not None
            and self.max_instances is not None
            and self.min_instances > self.max_instances
        ):
            raise ValueError(f"min_instances ({self.min_instances}) is above max_instances ({self.max_instances})")
        return self


_TIERS = {"dedicated": "Dedicated", "lowpriority": "LowPriority"}


def compute_body(form: ComputeForm, location: str | None) -> dict[str, Any]:
    """Return the body of a PUT. The service sets what the form leaves out."""
    idle = form.idle_time_before_scale_down
    scale = {
        "minNodeCount": form.min_instances,
        "maxNodeCount": form.max_instances,
        "nodeIdleTimeBeforeScaleDown": None if idle is None else duration_text(idle),
    }
    cluster = {"vmSize": form.size, "vmPriority": _TIERS.get(form.tier or ""), "scaleSettings": _given(scale)}
    properties = {"computeType": "AmlCompute", "description": form.description, "properties": _given(cluster)}
    return _given({"location": location, "tags": form.tags, "properties": _given(properties)})


def _given(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _datastore_type(value: Any) -> Any:
    """Accept `AzureBlob` (ARM) as `azure_blob` (YAML)."""
    return {"azureblob": "azure_blob"}.get(value.lower(), value) if isinstance(value, str) else value


class CredentialsForm(Form):
    """`credentials:`, with which the service opens the container. Without them it uses its own identity."""

    account_key: str | None = Field(default=None, repr=False)
    sas_token: str | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def _one_kind(self) -> "CredentialsForm":
        if bool(self.account_key) == bool(self.sas_token):
            raise ValueError("give either `account_key` or `sas_token`")
        return self


class DatastoreForm(FileForm):
    """A datastore file."""

    name: Text | None = None
    """May also be given as `--name`; the service checks it."""
    type: Annotated[Literal["azure_blob"], BeforeValidator(_datastore_type)] = "azure_blob"
    description: Text | None = None
    tags: Variables = Field(default_factory=dict)
    account_name: str
    container_name: str
    protocol: Literal["https", "http"] | None = None
    endpoint: str | None = None
    credentials: CredentialsForm | None = None
