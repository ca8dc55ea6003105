"""`bml schedule create`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.api.workspace import Resource, Workspace
from cli.commands.automation import AutomationVerbs, automation_view, invoke_action
from cli.commands.invoke import datastore_id
from cli.commands.verb import check_given, file_option, in_workspace, shown
from cli.invocation.overrides import repeated_override_options

if TYPE_CHECKING:
    from cli.yaml_files.invocation_forms import ScheduleForm


_KEYS = ("name", "cron", "time_zone", "start_time", "end_time", "endpoint", "deployment")
"""Options that are keys of the file."""

COLUMNS = ("name", "is_enabled", "cron", "time_zone", "endpoint", "next_run_time", "last_job")


@click.command()
@file_option("The schedule; options win over it.")
@click.option("-n", "--name", help="The schedule; its jobs are named after it and the time.")
@click.option("--cron", help="When: 'minute hour day month day-of-week', e.g. '0 6 * * 1-5'.")
@click.option("--time-zone", help="Of --cron, e.g. Europe/Berlin; by default UTC.")
@click.option("--start-time", help="Not earlier, e.g. 2027-01-01T00:00:00.")
@click.option("--end-time", help="Not later.")
@click.option("--allow-overlap", is_flag=True, help="Start a job although the one before still runs.")
@click.option("--disabled", is_flag=True, help="Start nothing until it is enabled.")
@click.option("-e", "--endpoint", help="The endpoint.")
@click.option("-d", "--deployment", help="The deployment to use; by default the active one.")
@click.option("-i", "--input-data", metavar="azureml:NAME:VERSION", help="Input: a registered data asset.")
@click.option("-u", "--input-datastore", metavar="azureml:NAME", help="Input: the datastore of --input-path.")
@click.option("-p", "--input-path", help="Input: a public URL, or a path in --input-datastore.")
@click.option(
    "-l", "--input-local-path", type=click.Path(path_type=Path), help="Input: a file or folder here; uploaded now."
)
@click.option("-s", "--output-datastore", metavar="azureml:NAME", help="Datastore of the outputs.")
@click.option("-x", "--output-path", help="Folder of the output in its datastore; each job needs a free one.")
@repeated_override_options
@shown(*COLUMNS)
@in_workspace
def create(workspace: Workspace, *, file: Path | None, body: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Make a schedule that invokes an endpoint, or replace one that exists.

    At each time it is due it starts one job. Data here is uploaded once, now.
    """
    from cli.deploy.assets import Assets, UndoJournal
    from cli.invocation.request import ScoringUri
    from shared.contracts.settings_table import put

    form = _form(file, options)
    ScoringUri.of(workspace, form.endpoint, form.deployment)
    output = {"datastoreId": datastore_id(workspace, options["output_datastore"]), "path": options["output_path"]}
    for member, value in output.items():
        if value is not None:
            put(body, ["outputDataset", member], value)
    with UndoJournal() as journal:
        members = _input(Assets(workspace, journal), form, file, options)
        properties = _properties(form) | {"action": invoke_action(form, members, body)}
        return schedule_view(workspace.put(f"schedules/{form.name}", {"properties": properties}))


def _form(file: Path | None, options: dict[str, Any]) -> "ScheduleForm":
    """The file with the options over it."""
    from cli.yaml_files.document import empty_document, read_document
    from cli.yaml_files.form import read_form
    from cli.yaml_files.invocation_forms import ScheduleForm

    document = read_document(file) if file else empty_document()
    given = {key: options[key] for key in _KEYS if options[key] is not None}
    flags = {"allow_overlap": True} if options["allow_overlap"] else {}
    document.content.update(given | flags | ({"enabled": False} if options["disabled"] else {}))
    if not file:
        check_given("schedule", document.content, ("name", "cron", "endpoint"))
    form = read_form(ScheduleForm, document)
    check_given("schedule", document.content, ("name",))
    return form


def _input(assets: Any, form: "ScheduleForm", file: Path | None, options: dict[str, Any]) -> dict[str, Any]:
    """The input as members of the body: by the options, else as the file says."""
    from cli.invocation.data import InputOptions, dataset, place_input

    given = [options[f"input_{kind}"] for kind in ("data", "datastore", "path", "local_path")]
    if form.input and file and not any(given):
        return place_input(assets, form.input.path, form.input.type, file.parent)
    return {"dataset": dataset(assets, InputOptions(*given))}


def _properties(form: "ScheduleForm") -> dict[str, Any]:
    return {
        "description": form.description,
        "isEnabled": form.enabled,
        "allowOverlap": form.allow_overlap,
        "trigger": {
            "triggerType": "Cron",
            "expression": form.cron,
            "timeZone": form.time_zone,
            "startTime": form.start_time,
            "endTime": form.end_time,
        },
    }


def schedule_view(schedule: Resource) -> dict[str, Any]:
    """A schedule: when it is due, what it invokes, how it went last."""
    properties = schedule["properties"]
    trigger, run = properties["trigger"], properties.get("lastRun") or {}
    return automation_view(schedule) | {
        "cron": trigger["expression"],
        "time_zone": trigger["timeZone"],
        "start_time": trigger.get("startTime"),
        "end_time": trigger.get("endTime"),
        "allow_overlap": properties["allowOverlap"],
        "next_run_time": properties.get("nextRunTime"),
        "last_run_time": run.get("due"),
        "last_job": run.get("job"),
        "last_problem": run.get("problem"),
    }


_verbs = AutomationVerbs("schedule", "schedules", COLUMNS, schedule_view)
show = _verbs.show("Show a schedule, its last job and its next time.")
list_schedules = _verbs.list()
enable = _verbs.enable("Let a schedule go on from now; what it missed is not made up for.")
disable = _verbs.disable("Stop a schedule; a job that it has started goes on.")
delete = _verbs.delete()
