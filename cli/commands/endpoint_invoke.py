"""`bml endpoint invoke`."""

from pathlib import Path
from typing import Any

import click

from cli.api.workspace import Workspace
from cli.commands.override_options import override_options
from cli.commands.verb import in_workspace, name_option, shown, type_option


@click.command()
@name_option("The endpoint.")
@type_option
@click.option("-d", "--deployment", help="The deployment to use; by default the active one.")
@click.option("-i", "--input-data", metavar="azureml:NAME:VERSION", help="Input: a registered data asset.")
@click.option("-u", "--input-datastore", metavar="azureml:NAME", help="Input: the datastore of --input-path.")
@click.option("-p", "--input-path", help="Input: a public URL, or a path in --input-datastore.")
@click.option(
    "-l", "--input-local-path", type=click.Path(path_type=Path), help="Input: a file or folder here; it is uploaded."
)
@click.option("-s", "--output-datastore", metavar="azureml:NAME", help="Datastore of the output.")
@click.option("-x", "--output-path", help="Folder of the output in its datastore.")
@override_options
@shown("name", "status")
@in_workspace
def invoke(
    workspace: Workspace,
    *,
    name: str,
    deployment: str | None,
    input_data: str | None,
    input_datastore: str | None,
    input_path: str | None,
    input_local_path: Path | None,
    output_datastore: str | None,
    output_path: str | None,
    body: dict[str, Any],
) -> dict[str, Any]:
    """Start a batch scoring job and print it; its `name` is what `bml job show` and `stream` take.

    Options and --set win over the deployment's settings.
    """
    from cli.deploy.assets import Assets
    from cli.deploy.journal import UndoJournal
    from cli.invocation.overrides import put
    from cli.invocation.request import ScoringUri
    from cli.invocation.scoring_input import InputOptions, dataset
    from cli.output.resources import invocation_view

    options = InputOptions(input_data, input_datastore, input_path, input_local_path)
    output = {"datastoreId": datastore_id(workspace, output_datastore), "path": output_path}
    for member, value in output.items():
        if value is not None:
            put(body, ["outputDataset", member], value)
    endpoint = ScoringUri.of(workspace, name, deployment)
    with UndoJournal() as journal:
        body["dataset"] = dataset(Assets(workspace, journal), options)
        return invocation_view(endpoint.start(body, deployment))


def datastore_id(workspace: Workspace, reference: str | None) -> str | None:
    """ARM id of the datastore that `azureml:<name>`, `<name>` or an ARM id names."""
    if reference is None:
        return None
    name = reference.removeprefix("azureml:").strip()
    return name if name.startswith("/") else f"{workspace.connection.workspace_id}/datastores/{name}"
