"""The verbs of triggers."""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click

from cli.api.workspace import Resource, Workspace
from cli.commands.automation import AutomationVerbs, automation_view, invoke_action, merged
from cli.commands.invoke import put_output
from cli.commands.verb import NAME, check_given, file_option, in_workspace, name_option, shown
from cli.invocation.overrides import repeated_override_options
from cli.output.errors import UsageError

INPUTS = {"UriFile": "file", "UriFolder": "folder"}

_KINDS = {word: kind for kind, word in INPUTS.items()}
_OPTIONS = (
    click.option("--path", metavar="URI", help="Folder to watch: azureml://datastores/NAME/paths/FOLDER."),
    click.option("--ends-with", help="Only blobs whose name ends with this text, e.g. .csv or _SUCCESS."),
    click.option(
        "--input",
        type=click.Choice(list(_KINDS)),
        help="What a job scores: the new blob, or its folder without the blobs that match --ends-with.",
    ),
    click.option("-e", "--endpoint", type=NAME, help="The endpoint."),
    click.option("-d", "--deployment", type=NAME, help="The deployment to use; by default the active one."),
    click.option("-s", "--output-datastore", metavar="azureml:NAME", help="Datastore of the outputs."),
    click.option("-x", "--output-path", help="Folder of the output in its datastore; each job needs a free one."),
)


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), repeated_override_options(function))


COLUMNS = ("name", "is_enabled", "path", "ends_with", "input", "endpoint", "jobs_started", "problems", "last_job")


@click.command()
@file_option("The trigger; options override it.")
@click.option("-n", "--name", type=NAME, help="The trigger; its jobs are named after it.")
@click.option("--disabled", is_flag=True, help="Start no jobs until it is enabled.")
@_options
@shown(*COLUMNS)
@in_workspace
def create(
    workspace: Workspace, *, file: Path | None, disabled: bool, body: dict[str, Any], **options: Any
) -> dict[str, Any]:
    """Create or replace a trigger that invokes an endpoint when blobs arrive.

    Existing blobs do not start jobs.
    """
    from cli.invocation.request import ScoringUri
    from cli.yaml_files.document import document_of
    from cli.yaml_files.form import read_form
    from cli.yaml_files.invocation_forms import TriggerForm

    put_output(workspace, body, options.pop("output_datastore"), options.pop("output_path"))
    document = document_of(file, options | {"enabled": False if disabled else None})
    if not file:
        check_given("trigger", document.content, ("name", "path", "endpoint"))
    form = read_form(TriggerForm, document)
    check_given("trigger", document.content, ("name",))
    ScoringUri.of(workspace, form.endpoint, form.deployment)
    properties = {
        "description": form.description,
        "isEnabled": form.enabled,
        "trigger": {
            "triggerType": "BlobCreated",
            "path": form.path,
            "endsWith": form.ends_with,
            "jobInputType": _KINDS[form.input],
        },
        "action": invoke_action(form, {}, body),
    }
    return trigger_view(workspace.put(f"blobTriggers/{form.name}", {"properties": properties}))


@click.command()
@name_option("The trigger.")
@_options
@shown(*COLUMNS)
@in_workspace
def update(workspace: Workspace, *, name: str, body: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Change a trigger. What is not given stays as it is.

    With another --path, --ends-with or --input, only blobs that arrive from now on count.
    """
    put_output(workspace, body, options.pop("output_datastore"), options.pop("output_path"))
    given = {key: value for key, value in options.items() if value is not None}
    if not (given or body):
        raise UsageError("there is nothing to update", hint="Give --path, --endpoint, --mini-batch-size or the like")
    kind = _KINDS.get(given.get("input", ""))
    source = {"path": given.get("path"), "endsWith": given.get("ends_with"), "jobInputType": kind}
    invocation = {"endpoint": given.get("endpoint"), "deployment": given.get("deployment"), "properties": body}
    changes = {"trigger": _given(source), "action": {"endpointInvocationDefinition": _given(invocation)}}
    properties = merged(workspace.get(f"blobTriggers/{name}")["properties"], changes)
    return trigger_view(workspace.put(f"blobTriggers/{name}", {"properties": properties}))


def _given(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def trigger_view(trigger: Resource) -> dict[str, Any]:
    """Return a trigger as users see it: which blobs count, what it invokes, and what it did."""
    properties = trigger["properties"]
    source, status = properties["trigger"], properties.get("status") or {}
    return automation_view(trigger) | {
        "path": source["path"],
        "ends_with": source["endsWith"],
        "input": INPUTS[source["jobInputType"]],
        "since": status.get("since"),
        "jobs_started": status.get("jobsStarted"),
        "last_job": status.get("lastJob"),
        "last_blob": status.get("lastBlob"),
        "last_time": status.get("lastTime"),
        "problems": status.get("problems"),
        "last_problem": status.get("lastProblem"),
        "last_problem_blob": status.get("lastProblemBlob"),
        "last_problem_time": status.get("lastProblemTime"),
    }


_verbs = AutomationVerbs("trigger", "blobTriggers", COLUMNS, trigger_view)
show = _verbs.show("Show a trigger, its last job and its last problem.")
list_triggers = _verbs.list()
enable = _verbs.enable("Let a trigger start jobs from now on. Blobs that arrived while it was stopped do not count.")
disable = _verbs.disable("Stop a trigger. Jobs that it has started continue.")
delete = _verbs.delete()
