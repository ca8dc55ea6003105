"""Batch endpoints: the names that callers invoke."""

from contextlib import suppress
from datetime import UTC, datetime

from shared.contracts.bodies import ResourceBody, parse_model
from shared.contracts.names import ENDPOINT_NAME
from shared.contracts.resources import EndpointDefaults, EndpointProperties, NotificationSetting
from shared.control_plane.resource_table import ANY_STATE, Change, Resource, Upserted, WriteConditions, upsert
from shared.control_plane.workspace import Workspace
from shared.errors import NotFoundError, ValidationError
from shared.signatures import check_webhooks
from shared.storage.rows import readable

AUTH_MODE = "AADToken"


def put_endpoint(workspace: Workspace, name: str, body: ResourceBody, change: Change) -> Upserted[EndpointProperties]:
    """Create or update an endpoint. Raises ValidationError.

    An update without `defaults` keeps the default deployment: a repeated creation must not take traffic away. An
    update without `notificationSetting` keeps the setting, because the YAML file does not have it.
    """
    ENDPOINT_NAME.check(name)
    properties = _parsed(body)
    check_webhooks(workspace.settings, properties.notification_setting, "properties.notificationSetting")

    def merged(current: Resource[EndpointProperties] | None) -> EndpointProperties:
        defaults = _defaults(workspace, name, properties, current)
        kept = _notification_setting(properties, current)
        return properties.model_copy(
            update={"auth_mode": AUTH_MODE, "defaults": defaults, "notification_setting": kept}
        )

    return upsert(workspace.endpoints, (name,), merged, change, body.tags)


def delete_endpoint(workspace: Workspace, name: str, conditions: WriteConditions = ANY_STATE) -> bool:
    """Delete an endpoint and its deployments. Its jobs stay. Return False if it was not there."""
    row = workspace.endpoints.find(name)
    if row is None:
        return False
    conditions.check(row.etag, f"batch endpoint {name!r}")
    for deployment in list(workspace.deployments.list(name)):
        workspace.deployments.delete(deployment)
    workspace.endpoints.delete(row, conditions)
    _delete_latecomers(workspace, name, datetime.now(UTC))
    return True


def _delete_latecomers(workspace: Workspace, name: str, deleted: datetime) -> None:
    """Delete deployments that were written while their endpoint was being deleted, until this moment.

    A later endpoint of that name must not get them, and keeps its own, which are younger.
    """
    for row in list(readable(workspace.deployments.list(name))):
        if row.document.created <= deleted:
            workspace.deployments.delete(row)


def clear_default(workspace: Workspace, endpoint: str, deployment: str, change: Change) -> None:
    """Clear the endpoint's default if it is this deployment, which was deleted."""
    row = workspace.endpoints.find(endpoint)
    if row is None or not _is_default(row.document.properties, deployment):
        return

    def cleared(current: Resource[EndpointProperties] | None) -> EndpointProperties:
        if current is None:
            raise workspace.endpoints.not_found(endpoint)
        is_back = workspace.deployments.find(endpoint, deployment) is not None
        keeps = is_back or not _is_default(current.properties, deployment)
        return current.properties if keeps else current.properties.model_copy(update={"defaults": EndpointDefaults()})

    with suppress(NotFoundError):  # the endpoint was deleted meanwhile
        upsert(workspace.endpoints, (endpoint,), cleared, Change(change.author))


def _is_default(properties: EndpointProperties, deployment: str) -> bool:
    return (properties.defaults.deployment_name or "").lower() == deployment.lower()


def _parsed(body: ResourceBody) -> EndpointProperties:
    properties = parse_model(EndpointProperties, body.properties)
    if properties.auth_mode.replace("_", "").lower() != AUTH_MODE.lower():
        raise ValidationError(
            f"properties.authMode {properties.auth_mode!r} is not supported: use {AUTH_MODE}", target="authMode"
        )
    if any(key.lower() == "traffic" for key in body.properties):
        raise ValidationError(
            "properties.traffic is not supported: name the deployment in properties.defaults.deploymentName",
            target="traffic",
        )
    return properties


def _notification_setting(
    properties: EndpointProperties, current: Resource[EndpointProperties] | None
) -> NotificationSetting:
    if current is None or "notification_setting" in properties.model_fields_set:
        return properties.notification_setting
    return current.properties.notification_setting


def _defaults(
    workspace: Workspace, name: str, properties: EndpointProperties, current: Resource[EndpointProperties] | None
) -> EndpointDefaults:
    if "defaults" not in properties.model_fields_set:
        return current.properties.defaults if current else EndpointDefaults()
    wanted = properties.defaults.deployment_name
    if not wanted:
        return EndpointDefaults()
    row = workspace.deployments.find(name, wanted)
    if row is None:
        there = ", ".join(other.document.name for other in workspace.deployments.list(name)) or "none"
        raise ValidationError(
            f"properties.defaults.deploymentName {wanted!r}: batch endpoint {name!r} has no such deployment "
            f"(it has {there}); create the deployment first",
            target="defaults.deploymentName",
        )
    return EndpointDefaults(deployment_name=row.document.name)
