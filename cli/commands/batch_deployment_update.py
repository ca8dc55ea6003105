"""`bml batch-deployment update`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.api.workspace import Workspace
from cli.commands.batch_deployment_verbs import COLUMNS, endpoint_option
from cli.commands.verb import changes_options, file_option, in_workspace, name_option, shown
from cli.errors import UsageError

if TYPE_CHECKING:
    from cli.deploy.property_changes import PropertyChanges


@click.command()
@name_option("The deployment.")
@endpoint_option
@file_option("What the deployment shall be.")
@changes_options
@click.option("--skip-script-validation", is_flag=True, help="Do not look into the scoring script.")
@click.option("--no-wait", is_flag=True, help="Do not wait until it is ready.")
@shown(*COLUMNS)
@in_workspace
def update(
    workspace: Workspace,
    *,
    name: str,
    endpoint: str,
    file: Path | None,
    changes: "PropertyChanges",
    skip_script_validation: bool,
    no_wait: bool,
) -> dict[str, Any]:
    """Change a deployment, by a file or value by value.

    --set, --add and --remove take every key of a deployment file but name and code_configuration, for example
    --set settings.mini_batch_size=5 or --set resources.instance_count=2. Jobs that exist go on as they were.
    """
    from cli.deploy.deployment_change import DeploymentChange, change_deployment
    from cli.output.resources import deployment_view

    if not (file or changes):
        raise UsageError("there is nothing to update", mend="Give --file, --set, --add or --remove")
    change = DeploymentChange(endpoint, name, file, changes, check_script=not skip_script_validation)
    change_deployment(workspace, change, wait=not no_wait)
    return deployment_view(workspace.get(f"batchEndpoints/{endpoint}/deployments/{name}"))
