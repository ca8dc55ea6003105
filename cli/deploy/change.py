"""What `endpoint update` does to an endpoint that is there."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.api.workspace import Resource, Workspace
from cli.deploy.endpoint import EndpointMaker
from cli.deploy.files import deployment_plan, endpoint_plan
from cli.deploy.journal import UndoJournal
from cli.deploy.property_changes import NO_CHANGES, PropertyChanges
from cli.errors import InvalidInputError, UsageError
from cli.yaml_files.description_forms import EndpointDescription

_CHANGEABLE = ("description", "tags", "properties", "defaults")


@dataclass(frozen=True)
class EndpointChange:
    """The options of `endpoint update`; what is None stays as it is."""

    endpoint: str
    file: Path | None = None
    deployment_file: Path | None = None
    deployment: str | None = None
    active: str | None = None
    instance_count: int | None = None
    changes: PropertyChanges = NO_CHANGES

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return not (self.file or self.deployment_file or self.active or self.instance_count or self.changes)


def change_endpoint(workspace: Workspace, change: EndpointChange, *, wait: bool) -> None:
    """Carry out a change; when a part of it fails, all of it is taken back."""
    if change.is_empty:
        raise UsageError(
            "there is nothing to update",
            mend="Give --deployment-file, --traffic, --instance-count, --file, --set, --add or --remove",
        )
    change.changes.check(_CHANGEABLE, "an endpoint")
    added = deployment_plan(change.deployment_file, change.deployment) if change.deployment_file else None
    whole = endpoint_plan(change.file, change.endpoint) if change.file else None
    if added and added.endpoint_name not in {"", change.endpoint}:
        raise InvalidInputError(
            f"{change.deployment_file} is for the endpoint {added.endpoint_name!r}, not for {change.endpoint!r}",
            mend="Change `endpoint_name` in the file, or --name",
        )
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
