"""`bml batch-deployment create`."""

from pathlib import Path
from typing import Any

import click

from cli.api.workspace import Workspace
from cli.commands.batch_deployment_verbs import COLUMNS
from cli.commands.verb import file_option, in_workspace, set_option, shown
from cli.errors import InvalidInputError, UsageError


@click.command()
@file_option("The deployment.", required=True)
@click.option("-n", "--name", help="Name; wins over the file's.")
@click.option("-e", "--endpoint-name", help="The endpoint; by default the file's `endpoint_name`.")
@set_option
@click.option("--set-default", is_flag=True, help="Make it the deployment that gets all data.")
@click.option("--skip-script-validation", is_flag=True, help="Do not look into the scoring script.")
@click.option("--no-wait", is_flag=True, help="Do not wait until it is ready.")
@shown(*COLUMNS)
@in_workspace
def create(
    workspace: Workspace,
    *,
    file: Path,
    name: str | None,
    endpoint_name: str | None,
    assignments: tuple[str, ...],
    set_default: bool,
    skip_script_validation: bool,
    no_wait: bool,
) -> dict[str, Any]:
    """Create a deployment, or replace one, uploading the model and code that it names.

    When anything fails, what the command made is removed again.
    """
    from cli.deploy.endpoint import EndpointMaker
    from cli.deploy.files import deployment_plan
    from cli.deploy.journal import UndoJournal
    from cli.output.resources import deployment_view

    if set_default and no_wait:
        raise UsageError("--set-default and --no-wait exclude each other", mend="Leave --no-wait out")
    plan = deployment_plan(file, name, assignments, check_script=not skip_script_validation)
    endpoint = _endpoint(file, plan.endpoint_name, endpoint_name)
    workspace.get(f"batchEndpoints/{endpoint}")
    with UndoJournal() as journal:
        maker = EndpointMaker(workspace, journal, wait=not no_wait)
        maker.deployment(endpoint, plan)
        if set_default:
            maker.default_deployment(endpoint, plan.name)
    return deployment_view(workspace.get(f"batchEndpoints/{endpoint}/deployments/{plan.name}"))


def _endpoint(file: Path, in_file: str, given: str | None) -> str:
    if given and in_file not in {"", given}:
        raise InvalidInputError(
            f"{file} is for the endpoint {in_file!r}, not for {given!r}",
            mend="Change `endpoint_name` in the file, or --endpoint-name",
        )
    if not (given or in_file):
        raise UsageError("the deployment has no endpoint", mend="Give --endpoint-name, or `endpoint_name` in the file")
    return given or in_file
