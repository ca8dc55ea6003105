"""Updates of existing endpoints and deployments."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.api.views import deployment_view
from cli.api.workspace import Resource, Workspace
from cli.deploy.assets import UndoJournal
from cli.deploy.endpoint import EndpointMaker
from cli.deploy.plan import deployment_plan, endpoint_plan
from cli.deploy.property_changes import NO_CHANGES, PropertyChanges
from cli.output.errors import UsageError
from cli.yaml_files.deployment_form import DeploymentForm, SettingKeys, wire_settings
from cli.yaml_files.description_forms import EndpointDescription
from shared.contracts.settings_table import SETTINGS, member_of, put, wire_keys

_CHANGEABLE_OF_ENDPOINT = ("description", "tags", "properties", "defaults")


@dataclass(frozen=True)
class EndpointChange:
    """The options of `endpoint update`. None leaves a value as it is."""

    endpoint: str
    file: Path | None = None
    deployment_file: Path | None = None
    deployment: str | None = None
    active: str | None = None
    instance_count: int | None = None
    changes: PropertyChanges = NO_CHANGES

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to change."""
        return not (self.file or self.deployment_file or self.active or self.instance_count or self.changes)


def change_endpoint(workspace: Workspace, change: EndpointChange, *, wait: bool) -> None:
    """Make the change; if a part of it fails, undo all of it."""
    if change.is_empty:
        raise UsageError(
            "there is nothing to update",
            hint="Give --deployment-file, --traffic, --instance-count, --file, --set, --add or --remove",
        )
    change.changes.check(_CHANGEABLE_OF_ENDPOINT, "an endpoint")
    added = deployment_plan(change.deployment_file, change.deployment) if change.deployment_file else None
    whole = endpoint_plan(change.file, change.endpoint) if change.file else None
    if added:
        added.check_endpoint(change.endpoint, change.deployment_file, "--name")
    there = workspace.get(f"batchEndpoints/{change.endpoint}")
    with UndoJournal() as journal:
        maker = EndpointMaker(workspace, journal, wait)
        if whole:
            maker.endpoint(whole)
        if added:
            maker.deployment(change.endpoint, added, change.instance_count)
        elif change.instance_count:
            _resize(maker, change)
        if change.changes:
            _assign(maker, there if whole is None else workspace.get(f"batchEndpoints/{change.endpoint}"), change)
        if change.active:
            maker.default_deployment(change.endpoint, change.active)


def _resize(maker: EndpointMaker, change: EndpointChange) -> None:
    deployment = maker.workspace.get(f"batchEndpoints/{change.endpoint}/deployments/{change.deployment}")
    maker.change(deployment, {"resources": {"instanceCount": change.instance_count}})


def _assign(maker: EndpointMaker, there: Resource, change: EndpointChange) -> None:
    properties = there["properties"]
    defaults = properties.get("defaults") or {}
    content: dict[str, Any] = {
        "description": properties.get("description"),
        "tags": dict(there.get("tags") or {}),
        "properties": dict(properties.get("properties") or {}),
        "defaults": {"deployment_name": defaults.get("deploymentName")},
    }
    form = change.changes.applied(EndpointDescription, content)
    changed = {
        "description": form.description,
        "properties": dict(form.properties),
        "defaults": {"deploymentName": form.defaults.deployment_name if form.defaults else None},
    }
    maker.change(there, changed, dict(form.tags))


_DESCRIBING = ("name", "description", "tags", "properties", "model", "environment", "compute")
_MAPPINGS_OF_SETTINGS = dict.fromkeys(setting.place.partition(".")[0] for setting in SETTINGS)
"""The keys of today's files that contain settings."""
_CHANGEABLE_OF_DEPLOYMENT = (*_DESCRIBING[1:], *SettingKeys.model_fields, *_MAPPINGS_OF_SETTINGS)
_DEFAULTED = (*(wire_keys(setting.member)[0] for setting in SETTINGS), "environmentId")
"""Members of a deployment that get the service's default if the form does not have them."""


@dataclass(frozen=True)
class DeploymentChange:
    """The options of `batch-deployment update`."""

    endpoint: str
    deployment: str
    file: Path | None = None
    changes: PropertyChanges = NO_CHANGES
    check_script: bool = True


def change_deployment(workspace: Workspace, change: DeploymentChange, *, wait: bool) -> None:
    """Make the change; if a part of it fails, undo all of it."""
    change.changes.check(_CHANGEABLE_OF_DEPLOYMENT, "a deployment")
    plan = deployment_plan(change.file, change.deployment, check_script=change.check_script) if change.file else None
    if plan:
        plan.check_endpoint(change.endpoint, change.file, "--endpoint-name")
    path = f"batchEndpoints/{change.endpoint}/deployments/{change.deployment}"
    there = workspace.get(path)
    with UndoJournal() as journal:
        maker = EndpointMaker(workspace, journal, wait)
        if plan:
            maker.deployment(change.endpoint, plan)
            there = workspace.get(path)
        if change.changes:
            form = _changed(there, change.changes)
            maker.change(there, _properties(form), dict(form.tags))


def _changed(there: Resource, changes: PropertyChanges) -> DeploymentForm:
    """Write the deployment as a file of today, apply the changes, and check the result like a file."""
    view = deployment_view(there)
    content = {name: view[name] for name in _DESCRIBING if view.get(name) is not None}
    for setting in SETTINGS:
        if (value := member_of(view, setting.key.split("."))) is not None:
            put(content, setting.place.split("."), value)
    return _below_settings(changes).applied(DeploymentForm, content)


def _below_settings(changes: PropertyChanges) -> PropertyChanges:
    """Add `settings.` to the names of settings without it, as the files of 2021 have them."""
    return PropertyChanges(
        tuple(map(_place, changes.assigned)),
        tuple((_place(path), pair) for path, pair in changes.added),
        tuple(map(_place, changes.removed)),
        changes.as_text,
    )


def _place(path: str) -> str:
    first = path.partition("=")[0].split(".")[0].strip()
    below = f"settings.{path}" if first in SettingKeys.model_fields else path
    elsewhere = {f"settings.{setting.key}": setting.place for setting in SETTINGS}
    place = below.partition("=")[0]
    return elsewhere.get(place, place) + below[len(place) :]


def _properties(form: DeploymentForm) -> dict[str, Any]:
    """Return the form as ARM properties."""
    properties: dict[str, Any] = dict.fromkeys(_DEFAULTED)
    properties |= wire_settings(form)
    properties |= {"description": form.description, "properties": dict(form.properties), "compute": form.compute.target}
    properties["model"] = {"referenceType": "Id", "assetId": form.model.reference}
    if form.environment:
        properties["environmentId"] = form.environment.reference
    return properties
