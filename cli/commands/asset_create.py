"""`bml model create`, `bml data create`, `bml environment create`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.api.views import asset_view
from cli.api.workspace import Workspace
from cli.commands.assets import COLUMNS
from cli.commands.verb import file_option, in_workspace, set_option, shown, tags_option
from cli.output.errors import UsageError

if TYPE_CHECKING:
    from cli.deploy.assets import Assets
    from cli.yaml_files.document import YamlDocument


def _identity(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which version is made."""
    for option in (
        set_option,
        tags_option,
        click.option("--description", help="A description."),
        click.option("-v", "--version", help="By default the next one, or the one with this content."),
        click.option("-n", "--name", help="The asset."),
        file_option("The asset; options win over it."),
    ):
        function = option(function)
    return function


_datastore = click.option(
    "-z", "--datastore", default="workspaceblobstore", show_default=True, help="Where it is uploaded to."
)


@click.command("create")
@_identity
@click.option("-p", "--path", help="Folder or file of the model.")
@click.option("-l", "--local-path", help="The same, in the form of 2021.")
@click.option("-t", "--type", "type", type=click.Choice(["mlflow_model", "custom_model"]), help="Kind of model.")
@_datastore
@shown(*COLUMNS)
@in_workspace
def create_model(workspace: Workspace, datastore: str, **options: Any) -> dict[str, Any]:
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
@click.option("-l", "--local-path", help="The same, in the form of 2021.")
@click.option("-t", "--type", "type", type=click.Choice(["uri_file", "uri_folder"]), help="Kind of data.")
@_datastore
@shown(*COLUMNS)
@in_workspace
def create_data(workspace: Workspace, datastore: str, **options: Any) -> dict[str, Any]:
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
def create_environment(workspace: Workspace, **options: Any) -> dict[str, Any]:
    """Register an environment."""
    from cli.deploy.local_assets import local_environment
    from cli.yaml_files.asset_forms import EnvironmentFile
    from cli.yaml_files.form import read_form

    document = _document(options)
    form = read_form(EnvironmentFile, document)
    return _made(workspace, lambda assets: assets.environment(local_environment(document, form, ())))


def _document(options: dict[str, Any]) -> "YamlDocument":
    """The file with the options over it; paths of options are relative to the current folder."""
    from cli.deploy.property_changes import assign
    from cli.yaml_files.document import empty_document, read_document

    file: Path | None = options.pop("file")
    assignments: tuple[str, ...] = options.pop("assignments")
    given = {key: value for key, value in options.items() if value is not None}
    document = read_document(file) if file else empty_document()
    for key in ("path", "local_path", "conda_file"):
        if file and key in given and "://" not in given[key]:
            given[key] = str(Path(given[key]).absolute())
    if "path" in given:
        document.content.pop("local_path", None)
    document.content.update(given)
    assign(document, assignments)
    if not document.content.get("name"):
        raise UsageError("the asset has no name", hint="Give --name, or `name` in the file")
    return document


def _made(workspace: Workspace, make: "Callable[[Assets], str]") -> dict[str, Any]:
    from cli.deploy.assets import Assets
    from cli.deploy.journal import UndoJournal

    with UndoJournal() as journal:
        made = make(Assets(workspace, journal))
    return asset_view(workspace.get(made.split("/workspaces/", 1)[1].split("/", 1)[1]))
