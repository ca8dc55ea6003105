"""The verbs of deployments."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.api.views import deployment_view, invocation_view
from cli.api.workspace import Workspace
from cli.commands.verb import (
    NAME,
    changes_options,
    confirm,
    file_option,
    in_workspace,
    name_option,
    set_option,
    shown,
    yes_option,
)
from cli.output.errors import UsageError

if TYPE_CHECKING:
    from cli.deploy.property_changes import PropertyChanges


COLUMNS = ("name", "endpoint_name", "model", "compute", "provisioning_state")


def endpoint_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `-e/--endpoint-name`, which is required."""
    return click.option("-e", "--endpoint-name", "endpoint", type=NAME, required=True, help="The endpoint.")(function)


@click.command()
@name_option("The deployment.")
@endpoint_option
@shown(*COLUMNS)
@in_workspace
def show(workspace: Workspace, name: str, endpoint: str) -> dict[str, Any]:
    """Show a deployment with all its settings."""
    return deployment_view(workspace.get(f"batchEndpoints/{endpoint}/deployments/{name}"))


@click.command("list")
@endpoint_option
@shown(*COLUMNS)
@in_workspace
def list_deployments(workspace: Workspace, endpoint: str) -> list[dict[str, Any]]:
    """List the deployments of an endpoint."""
    return [deployment_view(item) for item in workspace.list(f"batchEndpoints/{endpoint}/deployments")]


@click.command("list-jobs")
@name_option("The deployment.")
@endpoint_option
@click.option(
    "-r", "--max-results", type=click.IntRange(min=1), default=100, show_default=True, help="Most jobs to list."
)
@shown("name", "status", "deployment", "startTime")
@in_workspace
def list_jobs(workspace: Workspace, name: str, endpoint: str, max_results: int) -> list[dict[str, Any]]:
    """List the jobs of a deployment, newest first."""
    from itertools import islice

    from cli.invocation.request import ScoringUri

    workspace.get(f"batchEndpoints/{endpoint}/deployments/{name}")
    return [invocation_view(job) for job in islice(ScoringUri.of(workspace, endpoint).jobs(name), max_results)]


@click.command()
@name_option("The deployment.")
@endpoint_option
@yes_option
@click.option("--no-wait", is_flag=True, help="Do not wait until it is deleted.")
@shown()
@in_workspace
def delete(workspace: Workspace, name: str, endpoint: str, yes: bool, no_wait: bool) -> None:
    """Delete a deployment. Its jobs and their outputs stay."""
    path = f"batchEndpoints/{endpoint}/deployments/{name}"
    workspace.get(path)
    confirm(f"Delete the deployment {name} of {endpoint}?", yes)
    workspace.delete(path, wait=not no_wait)


@click.command()
@file_option("The deployment.", required=True)
@click.option("-n", "--name", type=NAME, help="The deployment; overrides the file's name.")
@click.option("-e", "--endpoint-name", type=NAME, help="The endpoint; by default the file's `endpoint_name`.")
@set_option
@click.option("--set-default", is_flag=True, help="Make it the active deployment.")
@click.option("--skip-script-validation", is_flag=True, help="Do not check the scoring script.")
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
    """Create or replace a deployment, and upload the model and code that it names.

    If anything fails, the command removes again what it made.
    """
    from cli.deploy.assets import UndoJournal
    from cli.deploy.endpoint import EndpointMaker
    from cli.deploy.plan import deployment_plan

    if set_default and no_wait:
        raise UsageError("--set-default and --no-wait exclude each other", hint="Leave --no-wait out")
    plan = deployment_plan(file, name, assignments, check_script=not skip_script_validation)
    endpoint = endpoint_name or plan.endpoint_name
    if not endpoint:
        raise UsageError("the deployment has no endpoint", hint="Give --endpoint-name, or `endpoint_name` in the file")
    plan.check_endpoint(endpoint, file, "--endpoint-name")
    workspace.get(f"batchEndpoints/{endpoint}")
    with UndoJournal() as journal:
        maker = EndpointMaker(workspace, journal, wait=not no_wait)
        maker.deployment(endpoint, plan)
        if set_default:
            maker.default_deployment(endpoint, plan.name)
    return deployment_view(workspace.get(f"batchEndpoints/{endpoint}/deployments/{plan.name}"))


@click.command()
@name_option("The deployment.")
@endpoint_option
@file_option("The new state of the deployment.")
@changes_options
@click.option("--skip-script-validation", is_flag=True, help="Do not check the scoring script.")
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

    --set, --add and --remove take every key of a deployment file except name and code_configuration, for example
    --set settings.mini_batch_size=5 or --set resources.instance_count=2. Existing jobs keep their settings.
    """
    from cli.deploy.updates import DeploymentChange, change_deployment

    if not (file or changes):
        raise UsageError("there is nothing to update", hint="Give --file, --set, --add or --remove")
    change = DeploymentChange(endpoint, name, file, changes, check_script=not skip_script_validation)
    change_deployment(workspace, change, wait=not no_wait)
    return deployment_view(workspace.get(f"batchEndpoints/{endpoint}/deployments/{name}"))
