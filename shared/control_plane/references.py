"""References from one resource to another: their spelling, their meaning, and the deployments that use a resource."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from shared.contracts.names import ASSET_NAME, ASSET_VERSION, COMPUTE_NAME, DATASTORE_NAME
from shared.contracts.resources import AssetProperties, DeploymentProperties
from shared.control_plane.resource_table import Resource, ResourceTable
from shared.control_plane.workspace import Workspace
from shared.errors import ConflictError, NotFoundError, ValidationError
from shared.settings import Settings
from shared.storage.rows import Row


@contextmanager
def must_exist(field: str) -> Iterator[None]:
    """Turn NotFoundError into a ValidationError of `field`: a resource names another one that does not exist."""
    try:
        yield
    except NotFoundError as error:
        raise ValidationError(f"{field}: {error.message}", target=field) from error


def check_unused(workspace: Workspace, collection: str, names: tuple[str, ...]) -> None:
    """Raise ConflictError that names the deployments which use this compute, asset or version of an asset."""
    wanted = tuple(name.lower() for name in names)
    users = [
        "/".join(row.document.names)
        for row in workspace.deployments.list()
        if any(used[: len(wanted)] == wanted for used in _uses(workspace, row.document, collection))
    ]
    if users:
        used = f"{collection.removesuffix('s')} {'/'.join(names)!r}"
        raise ConflictError(
            f"{used} is in use by batch deployment {', '.join(users)}; delete that first",
            target="/".join(names),
        )


def _uses(workspace: Workspace, deployment: Resource[DeploymentProperties], collection: str) -> list[tuple[str, ...]]:
    settings, properties = workspace.settings, deployment.properties
    if collection == "computes":
        return [(parse_named(settings, properties.compute, "computes", "compute").lower(),)]
    references = {
        "models": properties.model.asset_id,
        "environments": properties.environment_id,
        "codes": properties.code_configuration.code_id if properties.code_configuration else None,
    }
    reference = references.get(collection)
    if not reference:
        return []
    asset = parse_asset(settings, reference, collection, collection)
    return [(asset.name.lower(), asset.version.lower())]


LATEST = "latest"
"""The only label that assets have."""

_IN_WORKSPACE = re.compile(
    r"(?:azureml:/?)?/subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)"
    r"(?:/providers/Microsoft\.MachineLearningServices)?/workspaces/(?P<workspace>[^/]+)/(?P<rest>.+)",
    re.IGNORECASE | re.DOTALL,
)
_SHORT = re.compile(
    r"(?:azureml:\s*)?(?P<name>[^:@/\s]+)(?::(?P<version>[^:@/\s]+)|@(?P<label>[^:@/\s]+))", re.IGNORECASE
)


@dataclass(frozen=True)
class AssetName:
    """An asset's name and one of its versions. `latest` stands for the newest."""

    name: str
    version: str


def resource_id(settings: Settings, *segments: str) -> str:
    """Return the ARM id of a resource, from alternating collections and names."""
    return "/".join((settings.workspace_id, *segments))


def below_workspace(settings: Settings, text: str, field: str) -> str | None:
    """Return the part after the workspace in an ARM id or long URI, or None if `text` is neither.

    Raises ValidationError when it names another workspace or a registry.
    """
    if re.match(r"azureml://(registries|locations|jobs)/", text, re.IGNORECASE):
        raise ValidationError(f"{field} {text!r} is not supported: name a resource of this workspace", target=field)
    match = _IN_WORKSPACE.fullmatch(text)
    if match is None:
        return None
    named = (match["subscription"], match["group"], match["workspace"])
    served = (settings.subscription_id, settings.resource_group, settings.workspace)
    if [part.lower() for part in named] != [part.lower() for part in served]:
        raise ValidationError(
            f"{field} {text!r} belongs to another workspace; this one is {settings.workspace_id}", target=field
        )
    return match["rest"].rstrip("/")


def parse_asset(settings: Settings, text: str, collection: str, field: str) -> AssetName:
    """Return the name and version that a reference to an asset of `collection` means. Raises ValidationError."""
    rest = below_workspace(settings, text.strip(), field)
    if rest is not None:
        match = re.fullmatch(rf"{collection}/([^/]+)/(versions|labels)/([^/]+)", rest, re.IGNORECASE)
        if match and (match[2].lower() == "versions" or match[3].lower() == LATEST):
            return _checked(match[1], match[3], text, field)
    elif match := _SHORT.fullmatch(text.strip()):
        if match["version"]:
            return _checked(match["name"], match["version"], text, field)
        if match["label"].lower() == LATEST:
            return _checked(match["name"], LATEST, text, field)
    raise ValidationError(
        f"{field} {text!r} is not valid: use azureml:<name>:<version>, azureml:<name>@latest "
        f"or an ARM id …/{collection}/<name>/versions/<version>",
        target=field,
    )


def parse_named(settings: Settings, text: str, collection: str, field: str) -> str:
    """Return the name that a reference to a compute or datastore means: `azureml:<name>`, `<name>` or its ARM id."""
    rest = below_workspace(settings, text.strip(), field)
    pattern = rf"{collection}/([^/]+)" if rest is not None else r"(?:azureml:\s*)?([^:@/\s]+)"
    match = re.fullmatch(pattern, rest if rest is not None else text.strip(), re.IGNORECASE)
    if match is None:
        raise ValidationError(
            f"{field} {text!r} is not valid: use azureml:<name> or an ARM id …/{collection}/<name>", target=field
        )
    rule = DATASTORE_NAME if collection == "datastores" else COMPUTE_NAME
    return rule.check_part(match[1], text, field)


def _checked(name: str, version: str, reference: str, field: str) -> AssetName:
    return AssetName(ASSET_NAME.check_part(name, reference, field), ASSET_VERSION.check_part(version, reference, field))


Asset = TypeVar("Asset", bound=AssetProperties)
"""The properties of a kind of asset."""


def get_version(table: ResourceTable[Asset], name: str, version: str | None) -> Row[Resource[Asset]]:
    """Return a version of an asset. None and `latest` mean the newest that is not archived. Raises NotFoundError."""
    if version is not None and version.lower() != LATEST:
        return table.get(name, version)
    active = [row for row in table.list(name) if not row.document.properties.is_archived]
    if not active:
        raise table.not_found(name, LATEST)
    return max(active, key=lambda row: age_key(row.document))


def age_key(resource: Resource[Asset]) -> str:
    """Return a key that sorts by time of creation."""
    return f"{resource.created.isoformat(timespec='microseconds')} {resource.key}"
