"""References from one resource to another."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.contracts.resources import DeploymentProperties
from shared.control_plane.arm_ids import parse_asset, parse_named
from shared.control_plane.resource import Resource
from shared.control_plane.workspace import Workspace
from shared.errors import ConflictError, NotFoundError, ValidationError


@contextmanager
def must_exist(field: str) -> Iterator[None]:
    """Turn NotFoundError into a ValidationError of `field`: the resource of the URL is there, what it names is not."""
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
