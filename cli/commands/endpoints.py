"""The verbs of endpoints."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.api.views import endpoint_view, invocation_view
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
    type_option,
    yes_option,
)
from cli.output.errors import UsageError

if TYPE_CHECKING:
    from cli.deploy.property_changes import PropertyChanges


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
@click.option("-d", "--deployment", type=NAME, help="Only the jobs of this deployment.")
@click.option(
    "-r", "--max-results", type=click.IntRange(min=1), default=100, show_default=True, help="Most jobs to list."
)
@shown("name", "status", "deployment", "startTime")
@in_workspace
def list_jobs(workspace: Workspace, name: str, deployment: str | None, max_results: int) -> list[dict[str, Any]]:
    """List the jobs of an endpoint, newest first."""
    from itertools import islice

    from cli.invocation.request import ScoringUri

    jobs = ScoringUri.of(workspace, name).jobs(deployment)
    return [invocation_view(job) for job in islice(jobs, max_results)]


def current_endpoint(workspace: Workspace, name: str) -> dict[str, Any]:
    """Return the endpoint with its deployments, as the service has it now."""
    endpoint = workspace.get(f"batchEndpoints/{name}")
    return endpoint_view(endpoint, list(workspace.list(f"batchEndpoints/{name}/deployments")))


@click.command()
@file_option("The endpoint and its deployments; an endpoint without deployments needs only --name.")
@click.option("-n", "--name", type=NAME, help="The endpoint; overrides the file's name.")
@type_option
@set_option
@click.option("--no-wait", is_flag=True, help="Do not wait until it is ready.")
@shown("name", "provisioning_state", "scoring_uri")
@in_workspace
def create(
    workspace: Workspace, file: Path | None, name: str | None, assignments: tuple[str, ...], no_wait: bool
) -> dict[str, Any]:
    """Create an endpoint and the deployments in the file, and upload the models and code that they name.

    An existing endpoint is changed to match the file. If anything fails, the command removes again what it
    made.
    """
    from cli.deploy.assets import UndoJournal
    from cli.deploy.endpoint import EndpointMaker
    from cli.deploy.plan import endpoint_plan

    plan = endpoint_plan(file, name, assignments)
    with UndoJournal() as journal:
        EndpointMaker(workspace, journal, wait=not no_wait).endpoint(plan)
    return current_endpoint(workspace, plan.name)


@click.command()
@name_option("The endpoint.")
@type_option
@click.option("-d", "--deployment", type=NAME, help="Delete only this deployment.")
@yes_option
@click.option("--no-wait", is_flag=True, help="Do not wait until it is deleted.")
@shown()
@in_workspace
def delete(workspace: Workspace, name: str, deployment: str | None, yes: bool, no_wait: bool) -> None:
    """Delete an endpoint with its deployments, or one deployment. Jobs and their outputs stay."""
    what = f"the deployment {deployment} of {name}" if deployment else f"the endpoint {name} with its deployments"
    path = f"batchEndpoints/{name}" + (f"/deployments/{deployment}" if deployment else "")
    workspace.get(path)
    confirm(f"Delete {what}?", yes)
    workspace.delete(path, wait=not no_wait)


@click.command()
@name_option("The endpoint.")
@type_option
@file_option("The endpoint's new description, tags, traffic and deployments.")
@click.option(
    "-e",
    "--deployment-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A deployment to add or replace (YAML).",
)
@click.option(
    "-d", "--deployment", type=NAME, help="The deployment that --instance-count or --deployment-file changes."
)
@click.option("-r", "--traffic", metavar="NAME:100", help="Make this deployment the active one.")
@click.option("-i", "--instance-count", type=click.IntRange(min=1), help="Nodes for a job of --deployment.")
@click.option("--defaults", metavar="deployment_name=NAME", help="The same as --traffic, in today's form.")
@changes_options
@click.option("--no-wait", is_flag=True, help="Do not wait until it is ready.")
@shown("name", "provisioning_state", "scoring_uri")
@in_workspace
def update(
    workspace: Workspace,
    *,
    name: str,
    file: Path | None,
    deployment_file: Path | None,
    deployment: str | None,
    traffic: str | None,
    instance_count: int | None,
    defaults: str | None,
    changes: "PropertyChanges",
    no_wait: bool,
) -> dict[str, Any]:
    """Change an endpoint: add or replace a deployment, activate one, change description and tags.

    --set, --add and --remove take description, tags.<key>, properties.<key> and defaults.deployment_name.
    """
    from cli.deploy.updates import EndpointChange, change_endpoint

    if instance_count and not deployment:
        raise UsageError("--instance-count needs --deployment", hint="Name the deployment that it is for")
    change = EndpointChange(
        endpoint=name,
        file=file,
        deployment_file=deployment_file,
        deployment=deployment,
        active=_active(traffic) or _default(defaults),
        instance_count=instance_count,
        changes=changes,
    )
    change_endpoint(workspace, change, wait=not no_wait)
    return current_endpoint(workspace, name)


def _active(traffic: str | None) -> str | None:
    """Return the deployment of `--traffic name:100`."""
    if traffic is None:
        return None
    name, _, share = traffic.partition(":")
    if share.strip() != "100" or not name.strip():
        raise UsageError(
            f"--traffic {traffic!r} is not offered", hint="All data goes to one deployment: --traffic <deployment>:100"
        )
    return name.strip()


def _default(defaults: str | None) -> str | None:
    """Return the deployment of `--defaults deployment_name=name`."""
    if defaults is None:
        return None
    key, _, name = defaults.partition("=")
    if key.strip() != "deployment_name" or not name.strip():
        raise UsageError(f"--defaults {defaults!r} is not known", hint="Write --defaults deployment_name=<deployment>")
    return name.strip()
