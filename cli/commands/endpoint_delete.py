"""`bml endpoint delete`."""

import click

from cli.api.workspace import Workspace
from cli.commands.verb import confirm, in_workspace, name_option, shown, type_option, yes_option


@click.command()
@name_option("The endpoint.")
@type_option
@click.option("-d", "--deployment", help="Delete only this deployment.")
@yes_option
@click.option("--no-wait", is_flag=True, help="Do not wait until it is gone.")
@shown()
@in_workspace
def delete(workspace: Workspace, name: str, deployment: str | None, yes: bool, no_wait: bool) -> None:
    """Delete an endpoint with its deployments, or one deployment. Jobs and their outputs stay."""
    what = f"the deployment {deployment} of {name}" if deployment else f"the endpoint {name} with its deployments"
    path = f"batchEndpoints/{name}" + (f"/deployments/{deployment}" if deployment else "")
    workspace.get(path)
    confirm(f"Delete {what}?", yes)
    workspace.delete(path, wait=not no_wait)
