"""`bml batch-deployment show|list|list-jobs|delete`."""

from collections.abc import Callable
from typing import Any

import click

from cli.api.workspace import Workspace
from cli.commands.verb import confirm, in_workspace, name_option, shown, yes_option
from cli.output.resources import deployment_view, invocation_view

COLUMNS = ("name", "endpoint_name", "model", "compute", "provisioning_state")


def endpoint_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`-e/--endpoint-name`, required."""
    return click.option("-e", "--endpoint-name", "endpoint", required=True, help="The endpoint.")(function)


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
@click.option("-r", "--max-results", type=click.IntRange(min=1), default=100, show_default=True, help="At most.")
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
@click.option("--no-wait", is_flag=True, help="Do not wait until it is gone.")
@shown()
@in_workspace
def delete(workspace: Workspace, name: str, endpoint: str, yes: bool, no_wait: bool) -> None:
    """Delete a deployment. Its jobs and their outputs stay."""
    path = f"batchEndpoints/{endpoint}/deployments/{name}"
    workspace.get(path)
    confirm(f"Delete the deployment {name} of {endpoint}?", yes)
    workspace.delete(path, wait=not no_wait)
