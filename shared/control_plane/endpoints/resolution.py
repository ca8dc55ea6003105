"""Functions that resolve resources for an invocation, the plan phase or a timer."""

from pydantic import BaseModel, ConfigDict

from shared.contracts.bodies import seconds_of
from shared.contracts.invoke import InvokeProperties, environment_variables, scoring_settings
from shared.contracts.job_spec import CodeSpec, EnvironmentSpec, Location, ModelSpec
from shared.contracts.names import ASSET_NAME, ASSET_VERSION
from shared.contracts.resources import ComputeLimits, ComputeProperties, DeploymentProperties, Webhook
from shared.contracts.settings import ScoringSettings
from shared.control_plane.assets.locations import code_location, model_location, resolve_data_asset, resolve_uri
from shared.control_plane.references import get_version, parse_asset, parse_named
from shared.control_plane.resource_table import Resource
from shared.control_plane.workspace import Workspace
from shared.errors import NotFoundError, ValidationError, isolated

NO_DEPLOYMENT = (
    "No valid deployments to route to. Please check that the endpoint has at least one deployment with positive "
    "weight values or use a deployment specific header to route."
)
"""The text is Azure ML's own."""


class ResolvedDeployment(BaseModel):
    """A deployment with everything that it refers to, as it is now. Names are spelled as at creation."""

    model_config = ConfigDict(frozen=True)

    endpoint: str
    deployment: str
    compute: str
    max_instances: int
    """The compute's maximum. A job may not ask for more."""
    model: ModelSpec
    code: CodeSpec | None
    environment: EnvironmentSpec | None
    settings: ScoringSettings
    environment_variables: dict[str, str]
    webhooks: dict[str, Webhook]
    """The webhooks of the endpoint's notification setting."""


def resolve_deployment(workspace: Workspace, endpoint: str, deployment: str | None = None) -> ResolvedDeployment:
    """Return the deployment that a job of `endpoint` runs: the named one, or the endpoint's default.

    Raises NotFoundError when the endpoint, the deployment or something that it refers to is gone, and
    ValidationError with Azure ML's own text when no deployment is named and there is no default.
    """
    found = workspace.endpoints.get(endpoint).document
    name = deployment or found.properties.defaults.deployment_name
    if not name:
        raise ValidationError(NO_DEPLOYMENT, target="deployment")
    row = workspace.deployments.find(endpoint, name)
    if row is None:
        raise NotFoundError(f"batch deployment {name!r} not found on batch endpoint {found.name!r}", target=name)
    return _resolved(workspace, row.document, found.properties.notification_setting.webhooks)


def _resolved(
    workspace: Workspace, deployment: Resource[DeploymentProperties], webhooks: dict[str, Webhook]
) -> ResolvedDeployment:
    properties = deployment.properties
    limits = compute_limits(workspace, parse_named(workspace.settings, properties.compute, "computes", "compute"))
    return ResolvedDeployment(
        endpoint=deployment.names[0],
        deployment=deployment.name,
        compute=limits.compute,
        max_instances=limits.max_instances,
        model=resolve_model(workspace, properties.model.asset_id),
        code=resolve_code(workspace, properties),
        environment=resolve_environment(workspace, properties.environment_id) if properties.environment_id else None,
        settings=scoring_settings(properties),
        environment_variables=environment_variables(properties),
        webhooks=webhooks,
    )


def resolve_model(workspace: Workspace, reference: str) -> ModelSpec:
    """Return the model that `reference` names. Raises NotFoundError and ValidationError."""
    named = parse_asset(workspace.settings, reference, "models", "model")
    model = get_version(workspace.models, named.name, named.version).document
    return ModelSpec(
        name=model.names[0],
        version=model.name,
        is_mlflow=model.properties.model_type == "mlflow_model",
        location=model_location(workspace, model.properties.model_uri),
    )


def resolve_code(workspace: Workspace, properties: DeploymentProperties) -> CodeSpec | None:
    """Return the uploaded code and script of a deployment, or None. Raises NotFoundError and ValidationError."""
    configuration = properties.code_configuration
    if configuration is None:
        return None
    named = parse_asset(workspace.settings, configuration.code_id, "codes", "codeConfiguration.codeId")
    code = get_version(workspace.codes, named.name, named.version).document
    return CodeSpec(
        location=code_location(workspace, code.properties.code_uri), scoring_script=configuration.scoring_script
    )


def resolve_environment(workspace: Workspace, reference: str) -> EnvironmentSpec:
    """Return the environment that `reference` names. Raises NotFoundError and ValidationError."""
    named = parse_asset(workspace.settings, reference, "environments", "environmentId")
    environment = get_version(workspace.environments, named.name, named.version).document
    return EnvironmentSpec(
        name=environment.names[0],
        version=environment.name,
        image=environment.properties.image or "",
        conda_file=environment.properties.conda_file or "",
    )


def compute_limits(workspace: Workspace, name: str) -> ComputeLimits:
    """Return how the compute scales. Raises NotFoundError."""
    return _limits(workspace.computes.get(name).document)


def list_computes(workspace: Workspace) -> list[ComputeLimits]:
    """Return how each compute scales. Skip a compute that cannot be read."""
    limits = list[ComputeLimits]()
    for compute in workspace.computes.documents():
        with isolated(f"compute {compute.name}"):
            limits.append(_limits(compute))
    return limits


def _limits(compute: Resource[ComputeProperties]) -> ComputeLimits:
    scale = compute.properties.properties.scale_settings
    return ComputeLimits(
        compute=compute.name,
        min_instances=scale.min_node_count,
        max_instances=scale.max_node_count,
        idle_seconds=seconds_of(scale.node_idle_time_before_scale_down, "nodeIdleTimeBeforeScaleDown"),
    )


_FILE_INPUTS = {"urifile", "urifolder"}


def input_location(workspace: Workspace, body: InvokeProperties) -> Location:
    """Return the place of the input, whether or not something is there.

    Raises ValidationError unless the body names exactly one input, NotFoundError for a datastore or data asset.
    """
    if body.dataset and body.input_data:
        raise ValidationError("the body has both dataset and inputData; give one of them", target="inputData")
    if body.input_data:
        return _today_input(workspace, body)
    if body.dataset is None:
        raise ValidationError("the body names no input; give inputData or dataset", target="inputData")
    dataset, kind = body.dataset, body.dataset.data_input_type
    if kind == "DataUrl":
        return resolve_uri(workspace, _required(dataset.path, "dataset.path", kind), "dataset.path")
    if kind == "DatasetId":
        return resolve_uri(workspace, _required(dataset.dataset_id, "dataset.datasetId", kind), "dataset.datasetId")
    name = ASSET_NAME.check(_required(dataset.dataset_name, "dataset.datasetName", kind), "dataset.datasetName")
    if version := dataset.dataset_version:
        ASSET_VERSION.check(version, "dataset.datasetVersion")
    return resolve_data_asset(workspace, name, version)


def _today_input(workspace: Workspace, body: InvokeProperties) -> Location:
    if len(body.input_data) > 1:
        raise ValidationError(
            f"inputData has {len(body.input_data)} entries; a model deployment takes one", target="inputData"
        )
    ((key, value),) = body.input_data.items()
    field = f"inputData.{key}"
    if value.job_input_type.lower() not in _FILE_INPUTS:
        raise ValidationError(
            f"{field}.jobInputType {value.job_input_type!r} is not supported; use UriFolder or UriFile", target=field
        )
    location = resolve_uri(workspace, _required(value.uri, f"{field}.uri", value.job_input_type), f"{field}.uri")
    return location.model_copy(update={"excluded_suffix": value.exclude_suffix})


def _required(value: str | None, field: str, kind: str) -> str:
    if not value:
        raise ValidationError(f"{field} is required with {kind}", target=field)
    return value
