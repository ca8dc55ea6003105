"""What an invocation, a planner or a timer needs to know about resources, by plain functions."""

from pydantic import BaseModel, ConfigDict

from shared.contracts.compute_limits import ComputeLimits
from shared.contracts.durations import seconds_of
from shared.contracts.job_spec import CodeSpec, EnvironmentSpec, ModelSpec
from shared.contracts.locations import Location
from shared.contracts.resources import ComputeProperties, DeploymentProperties
from shared.contracts.settings import ScoringSettings
from shared.control_plane.arm_ids import AssetName, below_workspace, parse_asset, parse_named
from shared.control_plane.asset_locations import code_location, model_location
from shared.control_plane.datastore_locations import datastore_container
from shared.control_plane.datastore_uris import checked_path, parse_datastore_uri
from shared.control_plane.resource import Resource
from shared.control_plane.scoring_settings import scoring_settings
from shared.control_plane.url_locations import url_location
from shared.control_plane.versions import get_version
from shared.control_plane.workspace import Workspace
from shared.errors import NotFoundError, ValidationError
from shared.isolation import isolated

NO_DEPLOYMENT = (
    "No valid deployments to route to. Please check that the endpoint has at least one deployment with positive "
    "weight values or use a deployment specific header to route."
)
"""The service's own text (azureml_batch_facts 3.5)."""


class ResolvedDeployment(BaseModel):
    """A deployment with everything that it refers to, as it is now. Names are spelled as at creation."""

    model_config = ConfigDict(frozen=True)

    endpoint: str
    deployment: str
    compute: str
    max_instances: int
    """Of the compute; a job may ask for no more."""
    model: ModelSpec
    code: CodeSpec | None
    environment: EnvironmentSpec | None
    settings: ScoringSettings
    environment_variables: dict[str, str]


def resolve_deployment(workspace: Workspace, endpoint: str, deployment: str | None = None) -> ResolvedDeployment:
    """The deployment that a job of `endpoint` runs: the one named, else the endpoint's default.

    Raises NotFoundError when the endpoint, the deployment or something that it refers to is gone, and
    ValidationError with the service's own text when none is named and there is no default.
    """
    found = workspace.endpoints.get(endpoint).document
    name = deployment or found.properties.defaults.deployment_name
    if not name:
        raise ValidationError(NO_DEPLOYMENT, target="deployment")
    row = workspace.deployments.find(endpoint, name)
    if row is None:
        raise NotFoundError(f"batch deployment {name!r} not found on batch endpoint {found.name!r}", target=name)
    return _resolved(workspace, row.document)


def _resolved(workspace: Workspace, deployment: Resource[DeploymentProperties]) -> ResolvedDeployment:
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
        environment_variables=properties.environment_variables,
    )


def resolve_model(workspace: Workspace, reference: str) -> ModelSpec:
    """The model that `reference` names; raises NotFoundError, ValidationError."""
    named = parse_asset(workspace.settings, reference, "models", "model")
    model = get_version(workspace.models, named.name, named.version).document
    return ModelSpec(
        name=model.names[0],
        version=model.name,
        is_mlflow=model.properties.model_type == "mlflow_model",
        location=model_location(workspace, model.properties.model_uri),
    )


def resolve_code(workspace: Workspace, properties: DeploymentProperties) -> CodeSpec | None:
    """The uploaded code and script of a deployment, or None; raises NotFoundError, ValidationError."""
    configuration = properties.code_configuration
    if configuration is None:
        return None
    named = parse_asset(workspace.settings, configuration.code_id, "codes", "codeConfiguration.codeId")
    code = get_version(workspace.codes, named.name, named.version).document
    return CodeSpec(
        location=code_location(workspace, code.properties.code_uri), scoring_script=configuration.scoring_script
    )


def resolve_environment(workspace: Workspace, reference: str) -> EnvironmentSpec:
    """The environment that `reference` names; raises NotFoundError, ValidationError."""
    named = parse_asset(workspace.settings, reference, "environments", "environmentId")
    environment = get_version(workspace.environments, named.name, named.version).document
    return EnvironmentSpec(
        name=environment.names[0],
        version=environment.name,
        image=environment.properties.image or "",
        conda_file=environment.properties.conda_file or "",
    )


def resolve_data_asset(
    workspace: Workspace, name: str, version: str | None = None, via: tuple[str, ...] = ()
) -> Location:
    """Where a version of a data asset lies; None and `latest` mean the newest.

    `via` names the data assets whose URIs led here. Raises NotFoundError, and ValidationError when one of them is this.
    """
    chain = (*via, name.lower())
    if name.lower() in via:
        raise ValidationError(
            f"data asset {name!r} leads back to itself ({' → '.join(chain)}); give it the URI of a file or folder",
            target="dataUri",
        )
    data = get_version(workspace.data, name, version).document.properties
    location = resolve_uri(workspace, data.data_uri, "dataUri", via=chain)
    if data.data_type == "uri_file" and location.kind == "blob_folder":
        return location.model_copy(update={"kind": "blob"})
    return location


def resolve_datastore(workspace: Workspace, name_or_id: str, path: str = "", field: str = "datastoreId") -> Location:
    """A path in a datastore that is named by its name or ARM id; raises NotFoundError, ValidationError."""
    name = parse_named(workspace.settings, name_or_id, "datastores", field)
    return datastore_container(workspace, name).location(checked_path(path, path, "path"))


def resolve_uri(workspace: Workspace, uri: str, field: str = "uri", via: tuple[str, ...] = ()) -> Location:
    """Where `uri` points, for a job's input or output.

    Accepted: `azureml://datastores/D/paths/P` (short and long), `azureml:<name>:<version>`, `azureml:<name>@latest`,
    ARM ids of data versions and of `datastores/D/paths/P`, http(s) URLs, `wasbs://`. For blobs the kind is
    `blob_folder` unless a `uri_file` asset says otherwise: whether it is a file is settled by looking.
    `via` as for `resolve_data_asset`.
    Raises ValidationError and NotFoundError that name `field`.
    """
    if path := parse_datastore_uri(workspace.settings, uri, field):
        return datastore_container(workspace, path.datastore).location(path.path)
    text = uri.strip()
    if location := url_location(workspace, text, field):
        return location
    if named := _data_name(workspace, text, field):
        return resolve_data_asset(workspace, named.name, named.version, via)
    raise ValidationError(
        f"{field} {uri!r} is not valid: use azureml://datastores/<name>/paths/<path>, azureml:<data asset>:<version>, "
        "an ARM id of a data version or datastore path, or an http(s) or wasbs URL",
        target=field,
    )


def compute_limits(workspace: Workspace, name: str) -> ComputeLimits:
    """How the compute scales; raises NotFoundError."""
    return _limits(workspace.computes.get(name).document)


def list_computes(workspace: Workspace) -> list[ComputeLimits]:
    """How each compute scales; one that cannot be read is left as it is."""
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


def _data_name(workspace: Workspace, text: str, field: str) -> AssetName | None:
    if text.lower().startswith("azureml://") and below_workspace(workspace.settings, text, field) is None:
        return None
    if text.lower().startswith(("azureml:", "/subscriptions/")):
        return parse_asset(workspace.settings, text, "data", field)
    return None
