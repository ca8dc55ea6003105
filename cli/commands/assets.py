"""The verbs of models, data and environments."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.api.views import asset_view
from cli.api.workspace import Resource, Workspace
from cli.commands.verb import (
    NAME,
    changes_options,
    confirm,
    file_option,
    in_workspace,
    list_options,
    name_option,
    set_option,
    shown,
    tags_option,
    yes_option,
)
from cli.output.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from cli.deploy.assets import Assets
    from cli.deploy.property_changes import PropertyChanges
    from cli.yaml_files.document import YamlDocument

LATEST = "latest"
COLUMNS = ("name", "version", "type", "description")
_CHANGEABLE = ("description", "tags", "properties")


def _identity(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that identify the new version."""
    for option in (
        set_option,
        tags_option,
        click.option("--description", help="A description."),
        click.option(
            "-v", "--version", type=NAME, help="By default the next version, or the existing one with this content."
        ),
        click.option("-n", "--name", type=NAME, help="The asset."),
        file_option("The asset; options override it."),
    ):
        function = option(function)
    return function


_datastore = click.option(
    "-z", "--datastore", default="workspaceblobstore", show_default=True, help="Datastore to upload to."
)


@click.command("create")
@_identity
@click.option("-p", "--path", help="Folder or file of the model.")
@click.option("-l", "--local-path", help="The same as --path, in the form of 2021.")
@click.option("-t", "--type", "type", type=click.Choice(["mlflow_model", "custom_model"]), help="Kind of model.")
@_datastore
@shown(*COLUMNS)
@in_workspace
def model_create(workspace: Workspace, datastore: str, **options: Any) -> dict[str, Any]:
    """Upload a model and register it."""
    from cli.deploy.local_assets import local_model
    from cli.yaml_files.asset_forms import ModelFile
    from cli.yaml_files.form import read_form

    document = _document(options)
    form = read_form(ModelFile, document)
    model = local_model(document, form, (), must_be_mlflow=False)
    return _made(workspace, lambda assets: assets.model(model, datastore))


@click.command("create")
@_identity
@click.option("-p", "--path", help="File or folder on this machine, or a URI.")
@click.option("-l", "--local-path", help="The same as --path, in the form of 2021.")
@click.option("-t", "--type", "type", type=click.Choice(["uri_file", "uri_folder"]), help="Kind of data.")
@_datastore
@shown(*COLUMNS)
@in_workspace
def data_create(workspace: Workspace, datastore: str, **options: Any) -> dict[str, Any]:
    """Register data; a path on this machine is uploaded."""
    from cli.deploy.local_assets import local_data
    from cli.yaml_files.asset_forms import DataFile
    from cli.yaml_files.form import read_form

    document = _document(options)
    form = read_form(DataFile, document)
    return _made(workspace, lambda assets: assets.data(local_data(document, form), datastore))


@click.command("create")
@_identity
@click.option("-i", "--image", help="Container image.")
@click.option("-c", "--conda-file", help="Conda file with the packages.")
@shown(*COLUMNS)
@in_workspace
def environment_create(workspace: Workspace, **options: Any) -> dict[str, Any]:
    """Register an environment."""
    from cli.deploy.local_assets import local_environment
    from cli.yaml_files.asset_forms import EnvironmentFile
    from cli.yaml_files.form import read_form

    document = _document(options)
    form = read_form(EnvironmentFile, document)
    return _made(workspace, lambda assets: assets.environment(local_environment(document, form, ())))


def _document(options: dict[str, Any]) -> "YamlDocument":
    """Read the file and override its values with the options. Paths in options are relative to the current folder."""
    from cli.deploy.property_changes import assign
    from cli.yaml_files.document import document_of

    file: Path | None = options.pop("file")
    assignments: tuple[str, ...] = options.pop("assignments")
    given = {key: value for key, value in options.items() if value is not None}
    for key in ("path", "local_path", "conda_file"):
        if file and key in given and "://" not in given[key]:
            given[key] = str(Path(given[key]).absolute())
    document = document_of(file, given)
    if "path" in given and "local_path" not in given:
        document.content.pop("local_path", None)
    assign(document, assignments)
    if not document.content.get("name"):
        raise UsageError("the asset has no name", hint="Give --name, or `name` in the file")
    return document


def _made(workspace: Workspace, make: "Callable[[Assets], str]") -> dict[str, Any]:
    from cli.deploy.assets import Assets, UndoJournal

    with UndoJournal() as journal:
        made = make(Assets(workspace, journal))
    return asset_view(workspace.get(made.split("/workspaces/", 1)[1].split("/", 1)[1]))


def version_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `-v/--version` and `-l/--label latest`. The function gets `version`, which is None if neither is given."""

    @wraps(function)
    def run(*arguments: Any, version: str | None, label: str | None, **options: Any) -> Any:
        if version and label:
            raise UsageError("--version and --label exclude each other", hint="Give one of them")
        return function(*arguments, version=version or label, **options)

    command: Callable[..., Any] = run
    for option in (
        click.option("-l", "--label", type=click.Choice([LATEST]), help="The newest version that is not archived."),
        click.option("-v", "--version", type=NAME, help="The version, or `latest`."),
    ):
        command = option(command)
    return command


def show_verb(kind: str) -> click.Command:
    """Return `show` for assets of a kind, such as `models`."""

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
    """Return `list` for assets of a kind."""

    @click.command("list")
    @click.option("-n", "--name", type=NAME, help="List the versions of this one.")
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
    """Return `delete` for assets of a kind."""

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


def update_verb(kind: str) -> click.Command:
    """Return `update` for assets of a kind, such as `models`."""

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
    """Return `archive` for assets of a kind."""
    return _archiving_verb(
        kind, "archive", "Hide a version, or all versions of an asset, from lists and from `latest`."
    )


def restore_verb(kind: str) -> click.Command:
    """Return `restore` for assets of a kind."""
    help_text = "Show an archived version, or all versions of an asset, in lists again."
    return _archiving_verb(kind, "restore", help_text)


def _archiving_verb(kind: str, verb: str, help_text: str) -> click.Command:
    @click.command(verb, help=help_text)
    @name_option("The asset.")
    @version_options
    @shown(*COLUMNS)
    @in_workspace
    def run(workspace: Workspace, name: str, version: str | None) -> dict[str, Any]:
        change = {"isArchived": verb == "archive"}
        if version is None:
            return asset_view(workspace.put(f"{kind}/{name}", {"properties": change}))
        return asset_view(
            _change(workspace, kind, name, named_version(workspace, kind, name, version), lambda _: change)
        )

    return run


def _change(
    workspace: Workspace, kind: str, name: str, version: str, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> Resource:
    path = f"{kind}/{name}/versions/{version}"
    properties = workspace.get(path)["properties"]
    return workspace.put(path, {"properties": properties | change(properties)})


def named_version(workspace: Workspace, kind: str, name: str, version: str | None) -> str:
    """Return `version`; for None and `latest`, the newest version that is not archived, or raise NotFoundError."""
    if version and version.lower() != LATEST:
        return version
    latest = workspace.get(f"{kind}/{name}")["properties"].get("latestVersion")
    if not latest:
        raise NotFoundError(f"{name!r} in {kind} has no version")
    return str(latest)


model_show, model_list, model_update = show_verb("models"), list_verb("models"), update_verb("models")
model_archive, model_restore, model_delete = archive_verb("models"), restore_verb("models"), delete_verb("models")
data_show, data_list, data_update = show_verb("data"), list_verb("data"), update_verb("data")
data_archive, data_restore, data_delete = archive_verb("data"), restore_verb("data"), delete_verb("data")
environment_show, environment_list = show_verb("environments"), list_verb("environments")
environment_update, environment_delete = update_verb("environments"), delete_verb("environments")
environment_archive, environment_restore = archive_verb("environments"), restore_verb("environments")
