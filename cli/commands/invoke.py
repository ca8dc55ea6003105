"""The verb `invoke` in its two forms: that of 2021 (`endpoint`) and today's (`batch-endpoint`)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.api.workspace import Workspace
from cli.commands.verb import NAME, file_option, in_workspace, name_option, shown, type_option
from cli.invocation.overrides import override_options
from cli.output.errors import UsageError

if TYPE_CHECKING:
    from cli.yaml_files.invocation_forms import InputForm, InvocationForm, OutputForm


@click.command()
@name_option("The endpoint.")
@type_option
@click.option("-d", "--deployment", type=NAME, help="The deployment to use; by default the active one.")
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

    Options and --set override the deployment's settings.
    """
    from cli.api.views import invocation_view
    from cli.deploy.assets import Assets, UndoJournal
    from cli.invocation.data import InputOptions, dataset
    from cli.invocation.request import ScoringUri

    options = InputOptions(input_data, input_datastore, input_path, input_local_path)
    put_output(workspace, body, output_datastore, output_path)
    endpoint = ScoringUri.of(workspace, name, deployment)
    with UndoJournal() as journal:
        body["dataset"] = dataset(Assets(workspace, journal), options)
        return invocation_view(endpoint.start(body, deployment))


def put_output(workspace: Workspace, body: dict[str, Any], datastore: str | None, path: str | None) -> None:
    """Put the options for the output into the body."""
    output = {"datastoreId": datastore_id(workspace, datastore) if datastore is not None else None, "path": path}
    if given := {member: value for member, value in output.items() if value is not None}:
        body["outputDataset"] = given


def datastore_id(workspace: Workspace, reference: str) -> str:
    """Return the ARM id of the datastore that `azureml:<name>`, `<name>` or an ARM id names."""
    name = reference.removeprefix("azureml:").strip()
    return name if name.startswith("/") else f"{workspace.connection.workspace_id}/datastores/{name}"


@click.command("invoke")
@name_option("The endpoint.")
@click.option("-d", "--deployment-name", type=NAME, help="The deployment to use; by default the active one.")
@click.option(
    "--input", "--input-path", "place", metavar="PLACE", help="azureml:NAME:VERSION, a URI, or a file or folder here."
)
@click.option("--input-type", type=click.Choice(["uri_file", "uri_folder"]), help="What a URI of --input names.")
@click.option("--inputs", metavar="MAPPING", help='The input as YAML or JSON: {data: {path: "./folder"}}.')
@click.option("--outputs", metavar="MAPPING", help="The output in the same form.")
@click.option("--output-path", metavar="URI", help="Folder of the output: azureml://datastores/NAME/paths/FOLDER.")
@file_option("`inputs` and `outputs`; options override it.")
@override_options
@shown("name", "status")
@in_workspace
def invoke_by_place(
    workspace: Workspace,
    *,
    name: str,
    deployment_name: str | None,
    place: str | None,
    input_type: str | None,
    inputs: str | None,
    outputs: str | None,
    output_path: str | None,
    file: Path | None,
    body: dict[str, Any],
) -> dict[str, Any]:
    """Start a batch scoring job and print it; its `name` is what `bml job show` and `stream` take.

    Options and --set override the deployment's settings.
    """
    from cli.api.views import invocation_view
    from cli.deploy.assets import Assets, UndoJournal
    from cli.invocation.data import place_input, place_output
    from cli.invocation.request import ScoringUri

    form = _form(file, inputs, outputs)
    given = _given(place, input_type, form)
    output = next(iter(form.outputs.values()), None)
    where = output_path or (output and output.path)
    if where:
        body = place_output(where, _kind_of(output, output_path)) | body
    endpoint = ScoringUri.of(workspace, name, deployment_name)
    with UndoJournal() as journal:
        base = Path() if place or inputs or not file else file.parent
        body |= place_input(Assets(workspace, journal), given[0], given[1], base)
        return invocation_view(endpoint.start(body, deployment_name))


def _form(file: Path | None, inputs: str | None, outputs: str | None) -> "InvocationForm":
    """Read the file and override it with the options. Both pass the same checks."""
    import yaml

    from cli.yaml_files.document import document_of
    from cli.yaml_files.form import read_form
    from cli.yaml_files.invocation_forms import InvocationForm
    from cli.yaml_files.plain_text import read_yaml

    document = document_of(file)
    for key, text in (("inputs", inputs), ("outputs", outputs)):
        if text is None:
            continue
        try:
            document.content[key] = read_yaml(text)
        except (yaml.YAMLError, ValueError, RecursionError):
            raise UsageError(f"--{key} {text!r} is neither YAML nor JSON") from None
    return read_form(InvocationForm, document)


def _given(place: str | None, kind: str | None, form: "InvocationForm") -> tuple[str, str | None]:
    """Return place and type of the one input."""
    entry: InputForm | None = next(iter(form.inputs.values()), None)
    if place and entry:
        raise UsageError("--input and `inputs` exclude each other", hint="A model deployment has one input")
    if place:
        return place, kind
    if entry is None:
        raise UsageError(
            "no input is given", hint="Give --input with azureml:<name>:<version>, a URI, or a folder or file here"
        )
    return entry.path, kind or entry.type


def _kind_of(output: "OutputForm | None", output_path: str | None) -> str | None:
    return output.type if output and not output_path else None
