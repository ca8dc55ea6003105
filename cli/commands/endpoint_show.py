"""`bml endpoint show|list|list-jobs`."""

from typing import Any

import click

from cli.api.workspace import Workspace
from cli.commands.verb import in_workspace, name_option, shown, type_option
from cli.output.resources import endpoint_view, invocation_view


@click.command()
@name_option("The endpoint.")
@type_option
@shown("name", "provisioning_state", "scoring_uri")
@in_workspace
def show(workspace: Workspace, name: str) -> dict[str, Any]:
    """Show an endpoint with its deployments and its scoring URI."""
    return current_endpoint(workspace, name)


@click.command("list")
@type_option
@shown("name", "provisioning_state", "scoring_uri")
@in_workspace
def list_endpoints(workspace: Workspace) -> list[dict[str, Any]]:
    """List all endpoints."""
    return [endpoint_view(endpoint) for endpoint in workspace.list("batchEndpoints")]


@click.command("list-jobs")
@name_option("The endpoint.")
@type_option
@click.option("-d", "--deployment", help="Only the jobs of this deployment.")
@click.option("-r", "--max-results", type=click.IntRange(min=1), default=100, show_default=True, help="At most.")
@shown("name", "status", "deployment", "startTime")
@in_workspace
def list_jobs(workspace: Workspace, name: str, deployment: str | None, max_results: int) -> list[dict[str, Any]]:
    """List the jobs of an endpoint, newest first."""
    from itertools import islice

    from cli.invocation.request import ScoringUri

    jobs = ScoringUri.of(workspace, name).jobs(deployment)
    return [invocation_view(job) for job in islice(jobs, max_results)]


def current_endpoint(workspace: Workspace, name: str) -> dict[str, Any]:
    """The endpoint as the service has it now."""
    endpoint = workspace.get(f"batchEndpoints/{name}")
    return endpoint_view(endpoint, list(workspace.list(f"batchEndpoints/{name}/deployments")))
