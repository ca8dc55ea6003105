"""`bml schedule create`."""

from pathlib import Path
from typing import Any

import click

from cli.api.workspace import Workspace
from cli.commands.endpoint_invoke import datastore_id
from cli.commands.override_options import override_options
from cli.commands.schedule_verbs import COLUMNS, schedule_view
from cli.commands.verb import in_workspace, name_option, shown


@click.command()
@name_option("The schedule; its jobs are named after it and the time.")
@click.option("--cron", required=True, help="When: 'minute hour day month day-of-week', e.g. '0 6 * * 1-5'.")
@click.option("--time-zone", default="UTC", show_default=True, help="Of --cron, e.g. Europe/Berlin.")
@click.option("--start-time", help="Not earlier, e.g. 2027-01-01T00:00:00.")
@click.option("--end-time", help="Not later.")
@click.option("--allow-overlap", is_flag=True, help="Start a job although the one before still runs.")
@click.option("--disabled", is_flag=True, help="Start nothing until it is enabled.")
@click.option("-e", "--endpoint", required=True, help="The endpoint.")
@click.option("-d", "--deployment", help="The deployment to use; by default the active one.")
@click.option("-i", "--input-data", metavar="azureml:NAME:VERSION", help="Input: a registered data asset.")
@click.option("-u", "--input-datastore", metavar="azureml:NAME", help="Input: the datastore of --input-path.")
@click.option("-p", "--input-path", help="Input: a public URL, or a path in --input-datastore.")
@click.option(
    "-l", "--input-local-path", type=click.Path(path_type=Path), help="Input: a file or folder here; uploaded now."
)
@click.option("-s", "--output-datastore", metavar="azureml:NAME", help="Datastore of the outputs.")
@click.option("-x", "--output-path", help="Folder of the output in its datastore; each job needs a free one.")
@override_options
@shown(*COLUMNS)
@in_workspace
def create(workspace: Workspace, *, name: str, body: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Make a schedule that invokes an endpoint, or replace one that exists.

    At each time it is due it starts one job. Data here is uploaded once, now.
    """
    from cli.deploy.assets import Assets
    from cli.deploy.journal import UndoJournal
    from cli.invocation.overrides import put
    from cli.invocation.request import ScoringUri
    from cli.invocation.scoring_input import InputOptions, dataset

    ScoringUri.of(workspace, options["endpoint"])
    inputs = InputOptions(*(options[f"input_{kind}"] for kind in ("data", "datastore", "path", "local_path")))
    output = {"datastoreId": datastore_id(workspace, options["output_datastore"]), "path": options["output_path"]}
    for member, value in output.items():
        if value is not None:
            put(body, ["outputDataset", member], value)
    with UndoJournal() as journal:
        body["dataset"] = dataset(Assets(workspace, journal), inputs)
        return schedule_view(workspace.put(f"schedules/{name}", {"properties": _properties(body, options)}))


def _properties(body: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    trigger = {
        "triggerType": "Cron",
        "expression": options["cron"],
        "timeZone": options["time_zone"],
        "startTime": options["start_time"],
        "endTime": options["end_time"],
    }
    invocation = {"endpoint": options["endpoint"], "deployment": options["deployment"], "properties": body}
    return {
        "isEnabled": not options["disabled"],
        "allowOverlap": options["allow_overlap"],
        "trigger": trigger,
        "action": {"actionType": "InvokeBatchEndpoint", "endpointInvocationDefinition": invocation},
    }
