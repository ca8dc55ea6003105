"""The verbs of schedules."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.api.workspace import Resource, Workspace
from cli.commands.automation import AutomationVerbs, automation_view, invoke_action
from cli.commands.invoke import put_output
from cli.commands.verb import NAME, check_given, file_option, in_workspace, shown
from cli.invocation.overrides import repeated_override_options

if TYPE_CHECKING:
    from cli.yaml_files.invocation_forms import ScheduleForm


_KEYS = ("name", "cron", "time_zone", "start_time", "end_time", "endpoint", "deployment")
"""Options that are also keys of the file."""

COLUMNS = ("name", "is_enabled", "cron", "time_zone", "endpoint", "next_run_time", "last_job")


@click.command()
@file_option("The schedule; options override it.")
@click.option("-n", "--name", type=NAME, help="The schedule; its jobs are named after it and the time.")
@click.option("--cron", help="When: 'minute hour day month day-of-week', e.g. '0 6 * * 1-5'.")
@click.option("--time-zone", help="Time zone of --cron, e.g. Europe/Berlin; by default UTC.")
@click.option("--start-time", help="First time, e.g. 2027-01-01T00:00:00.")
@click.option("--end-time", help="Last time.")
@click.option("--allow-overlap", is_flag=True, help="Start a job even if the previous one still runs.")
@click.option("--disabled", is_flag=True, help="Start no jobs until it is enabled.")
@click.option("-e", "--endpoint", type=NAME, help="The endpoint.")
@click.option("-d", "--deployment", type=NAME, help="The deployment to use; by default the active one.")
@click.option("-i", "--input-data", metavar="azureml:NAME:VERSION", help="Input: a registered data asset.")
@click.option("-u", "--input-datastore", metavar="azureml:NAME", help="Input: the datastore of --input-path.")
@click.option("-p", "--input-path", help="Input: a public URL, or a path in --input-datastore.")
@click.option(
    "-l",
    "--input-local-path",
    type=click.Path(path_type=Path),
    help="Input: a file or folder on this machine; uploaded now.",
)
@click.option("-s", "--output-datastore", metavar="azureml:NAME", help="Datastore of the outputs.")
@click.option("-x", "--output-path", help="Folder of the output in its datastore; each job needs a free one.")
@repeated_override_options
@shown(*COLUMNS)
@in_workspace
def create(workspace: Workspace, *, file: Path | None, body: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Create or replace a schedule that invokes an endpoint.

    It starts one job at each due time. Data on this machine is uploaded once, now.
    """
    from cli.deploy.assets import Assets, UndoJournal
    from cli.invocation.request import ScoringUri

    form = _form(file, options)
    ScoringUri.of(workspace, form.endpoint, form.deployment)
    put_output(workspace, body, options["output_datastore"], options["output_path"])
    with UndoJournal() as journal:
        members = _input(Assets(workspace, journal), form, file, options)
        properties = _properties(form) | {"action": invoke_action(form, members, body)}
        return schedule_view(workspace.put(f"schedules/{form.name}", {"properties": properties}))


def _form(file: Path | None, options: dict[str, Any]) -> "ScheduleForm":
    """Read the file and override it with the options."""
    from cli.yaml_files.document import document_of
    from cli.yaml_files.form import read_form
    from cli.yaml_files.invocation_forms import ScheduleForm

    flags = {"allow_overlap": options["allow_overlap"] or None, "enabled": False if options["disabled"] else None}
    document = document_of(file, {key: options[key] for key in _KEYS} | flags)
    if not file:
        check_given("schedule", document.content, ("name", "cron", "endpoint"))
    form = read_form(ScheduleForm, document)
    check_given("schedule", document.content, ("name",))
    return form


def _input(assets: Any, form: "ScheduleForm", file: Path | None, options: dict[str, Any]) -> dict[str, Any]:
    """Return the input as members of the body: from the options, or else from the file."""
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
    """Return a schedule as users see it: when it is due, what it invokes, and its last run."""
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
enable = _verbs.enable("Let a schedule start jobs from now on. It does not catch up on missed times.")
disable = _verbs.disable("Stop a schedule. A job that it has started continues.")
delete = _verbs.delete()
