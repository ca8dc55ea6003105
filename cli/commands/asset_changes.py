"""`update`, `archive` and `restore` of models, data and environments."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from cli.api.workspace import Resource, Workspace
from cli.commands.asset_version import named_version, version_options
from cli.commands.verb import changes_options, in_workspace, name_option, shown
from cli.errors import UsageError
from cli.output.resources import asset_view

if TYPE_CHECKING:
    from cli.deploy.property_changes import PropertyChanges

COLUMNS = ("name", "version", "type", "description")
_CHANGEABLE = ("description", "tags", "properties")


def update_verb(kind: str) -> click.Command:
    """`update` for assets of a kind, such as `models`."""

    @click.command("update")
    @name_option("The asset.")
    @version_options
    @changes_options
    @shown(*COLUMNS)
    @in_workspace
    def update(workspace: Workspace, name: str, version: str | None, changes: "PropertyChanges") -> dict[str, Any]:
        """Change description, tags.<key> and properties.<key>; the content of a version never changes."""
        from cli.yaml_files.description_forms import Description

        if not changes:
            raise UsageError("there is nothing to update", mend="Give --set, --add or --remove")
        changes.check(_CHANGEABLE, "an asset")

        def described(properties: dict[str, Any]) -> dict[str, Any]:
            return changes.applied(Description, {key: properties.get(key) for key in _CHANGEABLE}).model_dump()

        return asset_view(_change(workspace, kind, name, named_version(workspace, kind, name, version), described))

    return update


def archive_verb(kind: str) -> click.Command:
    """`archive` for assets of a kind."""

    @click.command("archive")
    @name_option("The asset.")
    @version_options
    @shown(*COLUMNS)
    @in_workspace
    def archive(workspace: Workspace, name: str, version: str | None) -> dict[str, Any]:
        """Hide a version, or all versions of an asset, from lists and from `latest`."""
        return asset_view(_archived(workspace, kind, name, version, archived=True))

    return archive


def restore_verb(kind: str) -> click.Command:
    """`restore` for assets of a kind."""

    @click.command("restore")
    @name_option("The asset.")
    @version_options
    @shown(*COLUMNS)
    @in_workspace
    def restore(workspace: Workspace, name: str, version: str | None) -> dict[str, Any]:
        """Show an archived version, or all versions of an asset, in lists again."""
        return asset_view(_archived(workspace, kind, name, version, archived=False))

    return restore


def _archived(workspace: Workspace, kind: str, name: str, version: str | None, *, archived: bool) -> Resource:
    if version is None:
        return workspace.put(f"{kind}/{name}", {"properties": {"isArchived": archived}})
    return _change(
        workspace, kind, name, named_version(workspace, kind, name, version), lambda _: {"isArchived": archived}
    )


def _change(
    workspace: Workspace, kind: str, name: str, version: str, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> Resource:
    path = f"{kind}/{name}/versions/{version}"
    properties = workspace.get(path)["properties"]
    return workspace.put(path, {"properties": properties | change(properties)})


model_update, model_archive, model_restore = update_verb("models"), archive_verb("models"), restore_verb("models")
data_update, data_archive, data_restore = update_verb("data"), archive_verb("data"), restore_verb("data")
environment_update = update_verb("environments")
environment_archive = archive_verb("environments")
environment_restore = restore_verb("environments")
