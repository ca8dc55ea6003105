"""`bml endpoint create`."""

from pathlib import Path
from typing import Any

import click

from cli.api.workspace import Workspace
from cli.commands.endpoint_show import current_endpoint
from cli.commands.verb import file_option, in_workspace, set_option, shown, type_option


@click.command()
@file_option("The endpoint and its deployments; not needed for an endpoint without any.")
@click.option("-n", "--name", help="Name; wins over the file's.")
@type_option
@set_option
@click.option("--no-wait", is_flag=True, help="Do not wait until it is ready.")
@shown("name", "provisioning_state", "scoring_uri")
@in_workspace
def create(
    workspace: Workspace, file: Path | None, name: str | None, assignments: tuple[str, ...], no_wait: bool
) -> dict[str, Any]:
    """Create an endpoint and the deployments in the file, uploading the models and code that they name.

    An endpoint that exists is brought to the state of the file. When anything fails, what the command made is
    removed again.
    """
    from cli.deploy.endpoint import EndpointMaker
    from cli.deploy.files import endpoint_plan
    from cli.deploy.journal import UndoJournal

    plan = endpoint_plan(file, name, assignments)
    with UndoJournal() as journal:
        EndpointMaker(workspace, journal, wait=not no_wait).endpoint(plan)
    return current_endpoint(workspace, plan.name)
