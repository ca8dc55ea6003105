"""The verbs of datastores."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.api.views import datastore_view
from cli.api.workspace import Workspace
from cli.commands.verb import (
    NAME,
    changes_options,
    confirm,
    file_option,
    in_workspace,
    name_option,
    set_option,
    shown,
    yes_option,
)
from cli.output.errors import UsageError

if TYPE_CHECKING:
    from cli.deploy.property_changes import PropertyChanges
    from cli.yaml_files.resource_forms import DatastoreForm


COLUMNS = ("name", "type", "account_name", "container_name", "is_default")
_CHANGEABLE = ("description", "tags")


@click.command()
@file_option("The datastore.", required=True)
@click.option("-n", "--name", type=NAME, help="The datastore; overrides the file's name.")
@set_option
@shown(*COLUMNS)
@in_workspace
def create(workspace: Workspace, file: Path, name: str | None, assignments: tuple[str, ...]) -> dict[str, Any]:
    """Register a blob container, or change a registered one. The container must be reachable."""
    from cli.deploy.property_changes import assign
    from cli.yaml_files.document import read_document
    from cli.yaml_files.form import read_form
    from cli.yaml_files.resource_forms import DatastoreForm

    document = read_document(file)
    assign(document, assignments)
    form = read_form(DatastoreForm, document)
    if not (name or form.name):
        raise UsageError("the datastore has no name", hint="Give --name, or `name` in the file")
    return datastore_view(workspace.put(f"datastores/{name or form.name}", {"properties": _properties(form)}))


@click.command("show")
@name_option("The datastore.")
@shown(*COLUMNS)
@in_workspace
def show(workspace: Workspace, name: str) -> dict[str, Any]:
    """Show a datastore, without its secret."""
    return datastore_view(workspace.get(f"datastores/{name}"))


@click.command("list")
@shown(*COLUMNS)
@in_workspace
def list_datastores(workspace: Workspace) -> list[dict[str, Any]]:
    """List all datastores, the default one first."""
    return [datastore_view(datastore) for datastore in workspace.list("datastores")]


@click.command()
@name_option("The datastore.")
@changes_options
@shown(*COLUMNS)
@in_workspace
def update(workspace: Workspace, name: str, changes: "PropertyChanges") -> dict[str, Any]:
    """Change description and tags.<key>. To change the place or the secret, use `create`."""
    from cli.yaml_files.description_forms import DatastoreDescription

    if not changes:
        raise UsageError("there is nothing to update", hint="Give --set, --add or --remove")
    changes.check(_CHANGEABLE, "a datastore")
    properties = workspace.get(f"datastores/{name}")["properties"]
    form = changes.applied(DatastoreDescription, {key: properties.get(key) for key in _CHANGEABLE})
    return datastore_view(workspace.put(f"datastores/{name}", {"properties": properties | form.model_dump()}))


@click.command()
@name_option("The datastore.")
@yes_option
@shown()
@in_workspace
def delete(workspace: Workspace, name: str, yes: bool) -> None:
    """Remove a datastore and its secret. Its container and blobs stay."""
    workspace.get(f"datastores/{name}")
    confirm(f"Delete the datastore {name}?", yes)
    workspace.delete(f"datastores/{name}")


def _properties(form: "DatastoreForm") -> dict[str, Any]:
    properties: dict[str, Any] = {
        "datastoreType": "AzureBlob",
        "accountName": form.account_name,
        "containerName": form.container_name,
        "protocol": form.protocol,
        "endpoint": form.endpoint,
        "description": form.description,
        "tags": dict(form.tags),
        "credentials": {"credentialsType": "None"},
    }
    if form.credentials:
        sas, key = form.credentials.sas_token, form.credentials.account_key
        kind = "Sas" if sas else "AccountKey"
        secrets = {"secretsType": kind, "sasToken": sas} if sas else {"secretsType": kind, "key": key}
        properties["credentials"] = {"credentialsType": kind, "secrets": secrets}
    return {name: value for name, value in properties.items() if value is not None}
