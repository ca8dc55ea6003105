"""The batch endpoint in a YAML file, with or without its deployments."""

from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from cli.yaml_files.deployment_form import DeploymentForm
from cli.yaml_files.form import DeploymentName, EndpointName, FileForm, Form, Text, Variables, Whole
from cli.yaml_files.plain_text import PlainText

ACTIVE = 100


class DefaultsForm(Form):
    """`defaults:`"""

    deployment_name: DeploymentName | None = None


def _as_list(value: Any) -> Any:
    """Turn `deployments:` as a map keyed by name (April 2021) into the list of May 2021."""
    if not isinstance(value, dict):
        return value
    return [_named(name, item) if isinstance(item, dict) else item for name, item in value.items()]


def _named(key: str, deployment: dict[str, Any]) -> dict[str, Any]:
    """Return the deployment with its key as its name. Raise ValueError if its `name` is another one."""
    name = deployment.get("name", key)
    if name != key and not (isinstance(name, PlainText) and name.is_null):
        raise ValueError(f"the deployment at {key!r} has the name {name!r}; leave out `name`")
    return deployment | {"name": key}


def _auth_mode(value: Any) -> Any:
    """Accept `AADToken` (ARM) as `aad_token` (YAML)."""
    return "aad_token" if isinstance(value, str) and value.replace("_", "").lower() == "aadtoken" else value


def check_traffic(traffic: dict[str, int]) -> dict[str, int]:
    """Return `traffic`. Raise ValueError unless every share is 0 or 100, and at most one is 100.

    Source: Azure ML's page of 2021, table of endpoint keys.
    """
    for name, share in traffic.items():
        if share not in {0, ACTIVE}:
            raise ValueError(f"traffic of {name!r} is {share}; a batch endpoint takes 0 or 100 only")
    if sum(share == ACTIVE for share in traffic.values()) > 1:
        raise ValueError("traffic is 100 for more than one deployment; exactly one can be active")
    return traffic


class NamedByKey(DeploymentForm):
    """A deployment in a map, where its key is its name."""

    name: DeploymentName = ""


class EndpointForm(FileForm):
    """A batch endpoint file."""

    not_offered = MappingProxyType(
        {
            "identity": "jobs read data with the service's identity or with the secret of a datastore; leave it out",
            "public_network_access": "it is set for all endpoints when the service is deployed; leave it out",
        }
    )

    name: EndpointName | None = None
    """May also be given as `--name`."""
    description: Text | None = None
    tags: Variables = Field(default_factory=dict)
    properties: Variables = Field(default_factory=dict)
    type: Literal["batch"] | None = None
    auth_mode: Annotated[Literal["aad_token"], BeforeValidator(_auth_mode)] = "aad_token"
    traffic: Annotated[dict[str, Whole], AfterValidator(check_traffic)] = Field(
        default_factory=dict, json_schema_extra={"additionalProperties": {"enum": [0, ACTIVE]}}
    )
    defaults: DefaultsForm | None = None
    deployments: Annotated[
        list[DeploymentForm],
        BeforeValidator(_as_list, json_schema_input_type=list[DeploymentForm] | dict[str, NamedByKey]),
    ] = Field(default_factory=list)
    location: Text | None = None
    id: str | None = None
    scoring_uri: str | None = None
    openapi_uri: str | None = None
    provisioning_state: str | None = None
    """The service writes this key and the three before it; `bml` does not read them."""

    @model_validator(mode="after")
    def _one_default(self) -> "EndpointForm":
        if self.traffic and self.defaults and self.defaults.deployment_name:
            raise ValueError("give `traffic` (2021) or `defaults.deployment_name` (today), not both")
        return self

    @model_validator(mode="after")
    def _deployments_differ(self) -> "EndpointForm":
        names = [deployment.name for deployment in self.deployments]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two deployments are called {name!r}; names must differ")
        return self

    @property
    def default_deployment(self) -> str | None:
        """The deployment that invocations use. None if the file does not say."""
        if self.defaults and self.defaults.deployment_name:
            return self.defaults.deployment_name
        return next((name for name, share in self.traffic.items() if share == ACTIVE), None)
