"""ARM resources as users see them. Names are in snake_case, as in the YAML files and in `az ml`."""

import re
from contextlib import suppress
from typing import Any

from cli.api.workspace import Resource
from cli.output.field_names import name_in_files
from shared.contracts.settings_table import SETTINGS, Setting, member_of, put, wire_keys
from shared.errors import ValidationError

_ASSET = re.compile(r".*/(?:models|environments|data)/(?P<name>[^/]+)/versions/(?P<version>[^/]+)", re.IGNORECASE)
ACTIVE, INACTIVE = 100, 0


def endpoint_view(endpoint: Resource, deployments: list[Resource] | None = None) -> dict[str, Any]:
    """Return an endpoint. With `deployments`, add those and their traffic (100 for the active one)."""
    properties = endpoint["properties"]
    default = (properties.get("defaults") or {}).get("deploymentName")
    view = {
        "name": endpoint["name"],
        "id": endpoint["id"],
        "type": "batch",
        "description": properties.get("description"),
        "tags": endpoint.get("tags") or {},
        "properties": properties.get("properties") or {},
        "auth_mode": "aad_token",
        "scoring_uri": properties.get("scoringUri"),
        "openapi_uri": properties.get("swaggerUri"),
        "defaults": {"deployment_name": default},
        "provisioning_state": properties.get("provisioningState"),
        "location": endpoint.get("location"),
    }
    if deployments is not None:
        view["traffic"] = {item["name"]: ACTIVE if item["name"] == default else INACTIVE for item in deployments}
        view["deployments"] = [deployment_view(item) for item in deployments]
    return view


def deployment_view(deployment: Resource) -> dict[str, Any]:
    """Return a deployment with all its settings."""
    properties = deployment["properties"]
    code = properties.get("codeConfiguration")
    return {
        "name": deployment["name"],
        "id": deployment["id"],
        "endpoint_name": str(deployment["id"]).split("/")[-3],
        "description": properties.get("description"),
        "tags": deployment.get("tags") or {},
        "properties": properties.get("properties") or {},
        "model": short_reference((properties.get("model") or {}).get("assetId")),
        "code_configuration": code and {"code": code.get("codeId"), "scoring_script": code.get("scoringScript")},
        "environment": short_reference(properties.get("environmentId")),
        "compute": short_reference(properties.get("compute")),
        **_settings(properties),
        "provisioning_state": properties.get("provisioningState"),
    }


def _settings(properties: Resource) -> dict[str, Any]:
    """Return the settings as a file has them."""
    view: dict[str, Any] = {}
    for setting in SETTINGS:
        put(view, setting.key.split("."), _shown(setting, member_of(properties, wire_keys(setting.member))))
    return view


def _shown(setting: Setting, value: Any) -> Any:
    if setting.type is dict:
        return value or {}
    if setting.is_duration:
        return seconds(value)
    return snake(value) if setting.words and value else value


def compute_view(compute: Resource) -> dict[str, Any]:
    """Return a compute with its size and the states of its nodes."""
    properties = compute["properties"]
    cluster = properties.get("properties") or {}
    scale = cluster.get("scaleSettings") or {}
    return {
        "name": compute["name"],
        "id": compute["id"],
        "type": snake(properties.get("computeType", "")).replace("_", ""),
        "description": properties.get("description"),
        "tags": compute.get("tags") or {},
        "location": compute.get("location"),
        "size": cluster.get("vmSize"),
        "tier": snake(cluster.get("vmPriority")),
        "min_instances": scale.get("minNodeCount"),
        "max_instances": scale.get("maxNodeCount"),
        "idle_time_before_scale_down": seconds(scale.get("nodeIdleTimeBeforeScaleDown")),
        "current_node_count": cluster.get("currentNodeCount"),
        "target_node_count": cluster.get("targetNodeCount"),
        "allocation_state": snake(cluster.get("allocationState")),
        "node_state_counts": cluster.get("nodeStateCounts"),
        "errors": [(error.get("error") or {}).get("message") for error in cluster.get("errors") or []],
        "provisioning_state": properties.get("provisioningState"),
    }


def asset_view(asset: Resource) -> dict[str, Any]:
    """Return a version of a model, data or environment, or an asset with all its versions."""
    properties = asset["properties"]
    view = {"name": asset["name"], "id": asset["id"]}
    if "latestVersion" in properties:
        view |= {"latest_version": properties["latestVersion"], "next_version": properties.get("nextVersion")}
    else:
        view |= {"name": str(asset["id"]).split("/")[-3], "version": asset["name"]}
        kind = properties.get("modelType") or properties.get("dataType")
        place = properties.get("modelUri") or properties.get("dataUri")
        contents = {"type": kind, "path": place}
        contents |= {"image": properties.get("image"), "conda_file": properties.get("condaFile")}
        view |= {name: value for name, value in contents.items() if value}
    return view | {
        "description": properties.get("description"),
        "tags": properties.get("tags") or {},
        "properties": properties.get("properties") or {},
        "is_archived": bool(properties.get("isArchived")),
        "creation_context": snake_names(asset.get("systemData") or {}),
    }


def datastore_view(datastore: Resource) -> dict[str, Any]:
    """Return a datastore without its secret."""
    properties = datastore["properties"]
    return {
        "name": datastore["name"],
        "id": datastore["id"],
        "type": snake(properties.get("datastoreType")),
        "account_name": properties.get("accountName"),
        "container_name": properties.get("containerName"),
        "container_uri": properties.get("containerUri"),
        "is_default": properties.get("isDefault"),
        "description": properties.get("description"),
        "tags": properties.get("tags") or {},
    }


def job_view(job: Resource) -> dict[str, Any]:
    """Return a job: its state, its settings, and its output."""
    properties = job["properties"]
    view = {
        "name": job["name"],
        "id": job["id"],
        "display_name": properties.get("displayName"),
        "description": properties.get("description"),
        "experiment_name": properties.get("experimentName"),
        "type": snake(properties.get("jobType")),
        "status": properties.get("status"),
        "error": properties.get("error"),
    }
    shown = {"displayName", "description", "experimentName", "jobType", "status", "error", "services"}
    view |= {snake(name): _inner(name, value) for name, value in properties.items() if name not in shown}
    services = properties.get("services") or {}
    return view | {"services": services, "creation_context": snake_names(job.get("systemData") or {})}


def invocation_view(job: Resource) -> dict[str, Any]:
    """Return the answer to an invocation, with its properties next to `name`, in the API's own spelling.

    Scripts of Azure ML's page of 2021 read `name` and `interactionEndpoints.Studio.endpoint` from it.
    """
    return {name: job.get(name) for name in ("name", "id", "type")} | dict(job["properties"])


def short_reference(resource_id: str | None) -> str | None:
    """Return `azureml:<name>:<version>` for an asset's ARM id, and `azureml:<name>` for a compute's ARM id."""
    if not resource_id:
        return None
    if match := _ASSET.fullmatch(resource_id):
        return f"azureml:{match['name']}:{match['version']}"
    return f"azureml:{resource_id.rsplit('/', 1)[-1]}" if "/computes/" in resource_id else resource_id


def snake(name: str | None) -> str:
    """Return `AppendRow` or `appendRow` as `append_row`, and None as an empty text."""
    return name_in_files(name or "")


def snake_names(value: Any) -> Any:
    """Return a mapping with its names, and those of the mappings in it, in snake_case."""
    return {snake(name): snake_names(inner) for name, inner in value.items()} if isinstance(value, dict) else value


def _inner(name: str, value: Any) -> Any:
    """Return the value with snake_case names. Keys that the user chose, such as tags, stay as they are."""
    return value if name in {"tags", "properties", "environmentVariables"} else snake_names(value)


def seconds(duration: str | None) -> float | None:
    """Return the seconds of an ISO 8601 duration, or None if the text is missing or not valid."""
    from shared.contracts.bodies import seconds_of

    with suppress(ValidationError):
        total = seconds_of(duration or "", "duration")
        return int(total) if total == int(total) else total
    return None
