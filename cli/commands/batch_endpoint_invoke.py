"""`bml batch-endpoint invoke`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.api.workspace import Workspace
from cli.commands.override_options import override_options
from cli.commands.verb import file_option, in_workspace, name_option, shown
from cli.errors import UsageError

if TYPE_CHECKING:
    from cli.yaml_files.invocation_form import InputForm, InvocationForm, OutputForm


@click.command()
@name_option("The endpoint.")
@click.option("-d", "--deployment-name", help="The deployment to use; by default the active one.")
@click.option(
    "--input", "--input-path", "place", metavar="PLACE", help="azureml:NAME:VERSION, a URI, or a file or folder here."
)
@click.option("--input-type", type=click.Choice(["uri_file", "uri_folder"]), help="What a URI of --input names.")
@click.option("--inputs", metavar="MAPPING", help='The input as YAML or JSON: {data: {path: "./folder"}}.')
@click.option("--outputs", metavar="MAPPING", help="The output likewise.")
@click.option("--output-path", metavar="URI", help="Folder of the output: azureml://datastores/NAME/paths/FOLDER.")
@file_option("`inputs` and `outputs`; options win over it.")
@override_options
@shown("name", "status")
@in_workspace
def invoke(
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

    Options and --set win over the deployment's settings.
    """
    from cli.deploy.assets import Assets
    from cli.deploy.journal import UndoJournal
    from cli.invocation.request import ScoringUri
    from cli.invocation.scoring_input import place_input
    from cli.invocation.scoring_output import place_output
    from cli.output.resources import invocation_view

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
    """The file with the options over it; both go through the same checks."""
    import yaml

    from cli.yaml_files.document import empty_document, read_document
    from cli.yaml_files.form import read_form
    from cli.yaml_files.invocation_form import InvocationForm
    from cli.yaml_files.plain_text import read_yaml

    document = read_document(file) if file else empty_document()
    for key, text in (("inputs", inputs), ("outputs", outputs)):
        if text is None:
            continue
        try:
            document.content[key] = read_yaml(text)
        except (yaml.YAMLError, RecursionError):
            raise UsageError(f"--{key} {text!r} is neither YAML nor JSON") from None
    return read_form(InvocationForm, document)


def _given(place: str | None, kind: str | None, form: "InvocationForm") -> tuple[str, str | None]:
    """Place and type of the one input."""
    entry: InputForm | None = next(iter(form.inputs.values()), None)
    if place and entry:
        raise UsageError("--input and `inputs` exclude each other", mend="A model deployment has one input")
    if place:
        return place, kind
    if entry is None:
        raise UsageError(
            "no input is given", mend="Give --input with azureml:<name>:<version>, a URI, or a folder or file here"
        )
    return entry.path, kind or entry.type


def _kind_of(output: "OutputForm | None", output_path: str | None) -> str | None:
    return output.type if output and not output_path else None
