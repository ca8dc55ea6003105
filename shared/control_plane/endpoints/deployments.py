"""Batch deployments. A deployment says what an endpoint runs, on which compute, and how."""

from shared.contracts.bodies import ResourceBody, parse_model
from shared.contracts.invoke import environment_variables, scoring_settings
from shared.contracts.job_spec import CodeSpec, ModelSpec
from shared.contracts.names import DEPLOYMENT_NAME, OUTPUT_FILE_NAME, check_blob_name, check_environment_variables
from shared.contracts.resources import AssetReference, CodeConfiguration, DeploymentProperties
from shared.control_plane.assets.registration import PYTHON_FUNCTION
from shared.control_plane.endpoints.endpoints import clear_default
from shared.control_plane.endpoints.resolution import compute_limits, resolve_code, resolve_environment, resolve_model
from shared.control_plane.endpoints.scoring_script import check_scoring_script, script_path
from shared.control_plane.references import get_version, must_exist, parse_asset, parse_named, resource_id
from shared.control_plane.resource_table import Change, Upserted, upsert
from shared.control_plane.workspace import Workspace
from shared.errors import ValidationError


def put_deployment(
    workspace: Workspace, endpoint: str, name: str, body: ResourceBody, change: Change
) -> Upserted[DeploymentProperties]:
    """Create or update a deployment.

    Raises NotFoundError when the endpoint is not there, ValidationError for a wrong value or a reference to
    something that does not exist. References are stored as ids of the versions that they mean now.
    """
    DEPLOYMENT_NAME.check(name)
    parent = workspace.endpoints.get(endpoint).document
    properties = parse_model(DeploymentProperties, body.properties)
    _check_settings(properties)
    properties = _with_compute(workspace, properties)
    properties = _with_assets(workspace, properties)
    saved = upsert(workspace.deployments, (parent.name, name), lambda _: properties, change, body.tags)
    _undo_without_endpoint(workspace, saved)
    return saved


def delete_deployment(workspace: Workspace, endpoint: str, name: str, change: Change) -> bool:
    """Delete a deployment; False when it was not there. The endpoint's default is cleared when it was this one.

    A repetition clears a default that names a deployment which is gone: a crash may have left it.
    """
    row = workspace.deployments.find(endpoint, name)
    if row:
        workspace.deployments.delete(row, change.conditions)
    clear_default(workspace, endpoint, name, change)
    return row is not None


def _undo_without_endpoint(workspace: Workspace, saved: Upserted[DeploymentProperties]) -> None:
    """Delete a deployment if its endpoint was deleted meanwhile. A later endpoint of that name must not get it."""
    if workspace.endpoints.find(saved.resource.names[0]) is None:
        workspace.deployments.delete(saved.row)
        raise workspace.endpoints.not_found(saved.resource.names[0])


def _check_settings(properties: DeploymentProperties) -> None:
    settings = scoring_settings(properties)
    check_blob_name(OUTPUT_FILE_NAME.check(settings.output_file_name), "outputFileName")
    check_environment_variables(environment_variables(properties), "properties.environmentVariables")
    if settings.output_file_name == "errors.jsonl":
        raise ValidationError(
            "outputFileName 'errors.jsonl' is taken by the list of failed items", target="outputFileName"
        )


def _with_compute(workspace: Workspace, properties: DeploymentProperties) -> DeploymentProperties:
    with must_exist("properties.compute"):
        name = parse_named(workspace.settings, properties.compute, "computes", "properties.compute")
        limits = compute_limits(workspace, name)
    wanted = scoring_settings(properties).instance_count
    if wanted > limits.max_instances:
        raise ValidationError(
            f"properties.resources.instanceCount {wanted} is more than the {limits.max_instances} instances that "
            f"compute {limits.compute!r} may have",
            target="resources.instanceCount",
        )
    return properties.model_copy(update={"compute": resource_id(workspace.settings, "computes", limits.compute)})


def _with_assets(workspace: Workspace, properties: DeploymentProperties) -> DeploymentProperties:
    with must_exist("properties.model"):
        model = resolve_model(workspace, properties.model.asset_id)
    if configuration := properties.code_configuration:
        script = script_path(configuration.scoring_script)
        configuration = configuration.model_copy(update={"scoring_script": script})
        properties = properties.model_copy(update={"code_configuration": configuration})
    with must_exist("properties.codeConfiguration"):
        code = resolve_code(workspace, properties)
    _check_scoring(workspace, properties, model, code)
    return _pinned(workspace, properties, model)


def _check_scoring(
    workspace: Workspace, properties: DeploymentProperties, model: ModelSpec, code: CodeSpec | None
) -> None:
    """Raise ValidationError unless the model can be scored with this code, or without code (Azure ML's rules)."""
    shown = f"{model.name}:{model.version}"
    if code is None:
        if not model.is_mlflow:
            raise ValidationError(
                f"model {shown!r} is a custom model: it needs properties.codeConfiguration with a scoring script",
                target="codeConfiguration",
            )
        flavors = get_version(workspace.models, model.name, model.version).document.properties.flavors
        if PYTHON_FUNCTION not in flavors:
            raise ValidationError(
                f"model {shown!r} has no flavor {PYTHON_FUNCTION!r} (it has {', '.join(flavors) or 'none'}): "
                "give properties.codeConfiguration with a scoring script",
                target="model",
            )
        return
    check_scoring_script(workspace.account, code)
    if properties.environment_id is None and not model.is_mlflow:
        raise ValidationError(
            f"a scoring script needs an environment: properties.environmentId is missing, and model {shown!r}, which "
            "is not an MLflow model, brings none of its own",
            target="environmentId",
        )


def _pinned(workspace: Workspace, properties: DeploymentProperties, model: ModelSpec) -> DeploymentProperties:
    """Return the properties with references as ids of versions."""
    settings = workspace.settings
    update: dict[str, object] = {
        "model": AssetReference(asset_id=resource_id(settings, "models", model.name, "versions", model.version))
    }
    if properties.environment_id is not None:
        with must_exist("properties.environmentId"):
            environment = resolve_environment(workspace, properties.environment_id)
        update["environment_id"] = resource_id(
            settings, "environments", environment.name, "versions", environment.version
        )
    if configuration := properties.code_configuration:
        named = parse_asset(settings, configuration.code_id, "codes", "codeId")
        code = get_version(workspace.codes, named.name, named.version).document
        code_id = resource_id(settings, "codes", code.names[0], "versions", code.name)
        update["code_configuration"] = CodeConfiguration(code_id=code_id, scoring_script=configuration.scoring_script)
    return properties.model_copy(update=update)
