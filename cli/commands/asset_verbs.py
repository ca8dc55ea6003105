"""The verbs that models, data and environments share, and those of datastores."""

from typing import Any

import click

from cli.api.workspace import Workspace
from cli.commands.asset_version import named_version, version_options
from cli.commands.verb import confirm, in_workspace, list_options, name_option, shown, yes_option
from cli.output.resources import asset_view, datastore_view

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


@click.command("show")
@name_option("The datastore.")
@shown("name", "type", "account_name", "container_name", "is_default")
@in_workspace
def datastore_show(workspace: Workspace, name: str) -> dict[str, Any]:
    """Show a datastore, without its secret."""
    return datastore_view(workspace.get(f"datastores/{name}"))


@click.command("list")
@shown("name", "type", "account_name", "container_name", "is_default")
@in_workspace
def datastore_list(workspace: Workspace) -> list[dict[str, Any]]:
    """List all datastores, the default one first."""
    return [datastore_view(datastore) for datastore in workspace.list("datastores")]


model_show, model_list, model_delete = show_verb("models"), list_verb("models"), delete_verb("models")
data_show, data_list, data_delete = show_verb("data"), list_verb("data"), delete_verb("data")
environment_show = show_verb("environments")
environment_list = list_verb("environments")
environment_delete = delete_verb("environments")
