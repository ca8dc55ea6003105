"""The verbs that models, data and environments share, and those of datastores."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from cli.api.views import asset_view
from cli.api.workspace import Resource, Workspace
from cli.commands.verb import changes_options, confirm, in_workspace, list_options, name_option, shown, yes_option
from cli.output.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from cli.deploy.property_changes import PropertyChanges


LATEST = "latest"


def version_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`-v/--version` and `-l/--label latest`, given to the function as `version`; None when neither is given."""

    @wraps(function)
    def run(*arguments: Any, version: str | None, label: str | None, **options: Any) -> Any:
        if version and label:
            raise UsageError("--version and --label exclude each other", hint="Give one of them")
        return function(*arguments, version=version or label, **options)

    command: Callable[..., Any] = run
    for option in (
        click.option("-l", "--label", type=click.Choice([LATEST]), help="The newest that is not archived."),
        click.option("-v", "--version", help="The version, or `latest`."),
    ):
        command = option(command)
    return command


COLUMNS = ("name", "version", "type", "description")


def show_verb(kind: str) -> click.Command:
    """`show` for assets of a kind, such as `models`."""

    @click.command("show")
    @name_option("The asset.")
    @version_options
    @shown(*COLUMNS)
    @in_workspace
    def show(workspace: Workspace, name: str, version: str | None) -> dict[str, Any]:
        """Show a version of the asset, by default the latest."""
        return asset_view(workspace.get(f"{kind}/{name}/versions/{named_version(workspace, kind, name, version)}"))

    return show


def list_verb(kind: str) -> click.Command:
    """`list` for assets of a kind."""

    @click.command("list")
    @click.option("-n", "--name", help="List the versions of this one.")
    @list_options
    @shown("name", "version", "latest_version", "type", "description")
    @in_workspace
    def list_assets(workspace: Workspace, *, name: str | None, max_results: int, view: str) -> list[dict[str, Any]]:
        """List all assets of this kind, or the versions of one."""
        from itertools import islice

        path = f"{kind}/{name}/versions" if name else kind
        return [asset_view(asset) for asset in islice(workspace.list(path, listViewType=view), max_results)]

    return list_assets


def delete_verb(kind: str) -> click.Command:
    """`delete` for assets of a kind."""

    @click.command("delete")
    @name_option("The asset.")
    @version_options
    @yes_option
    @in_workspace
    def delete(workspace: Workspace, name: str, version: str | None, yes: bool) -> None:
        """Delete a version, or all versions, that no deployment uses. The files stay."""
        version = version and named_version(workspace, kind, name, version)
        path = f"{kind}/{name}/versions/{version}" if version else f"{kind}/{name}"
        workspace.get(path)
        confirm(f"Delete {f'{name}:{version}' if version else f'all versions of {name}'} in {kind}?", yes)
        workspace.delete(path)

    return delete


model_show, model_list, model_delete = show_verb("models"), list_verb("models"), delete_verb("models")
data_show, data_list, data_delete = show_verb("data"), list_verb("data"), delete_verb("data")
environment_show = show_verb("environments")
environment_list = list_verb("environments")
environment_delete = delete_verb("environments")

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
            raise UsageError("there is nothing to update", hint="Give --set, --add or --remove")
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


def named_version(workspace: Workspace, kind: str, name: str, version: str | None) -> str:
    """`version`, or the newest that is not archived for None and `latest`; raises NotFoundError."""
    if version and version.lower() != LATEST:
        return version
    latest = workspace.get(f"{kind}/{name}")["properties"].get("latestVersion")
    if not latest:
        raise NotFoundError(f"{name!r} in {kind} has no version")
    return str(latest)
