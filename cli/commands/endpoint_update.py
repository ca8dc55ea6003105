"""`bml endpoint update`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.api.workspace import Workspace
from cli.commands.endpoint_show import current_endpoint
from cli.commands.verb import changes_options, file_option, in_workspace, name_option, shown, type_option
from cli.errors import UsageError

if TYPE_CHECKING:
    from cli.deploy.property_changes import PropertyChanges


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
@click.option("-d", "--deployment", help="The deployment that --instance-count or --deployment-file is about.")
@click.option("-r", "--traffic", metavar="NAME:100", help="Make this deployment the active one.")
@click.option("-i", "--instance-count", type=click.IntRange(min=1), help="Nodes for a job of --deployment.")
@click.option("--defaults", metavar="deployment_name=NAME", help="The same in today's form.")
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
    from cli.deploy.change import EndpointChange, change_endpoint

    if instance_count and not deployment:
        raise UsageError("--instance-count needs --deployment", mend="Name the deployment that it is for")
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
    """The deployment of `--traffic name:100`."""
    if traffic is None:
        return None
    name, _, share = traffic.partition(":")
    if share.strip() != "100" or not name.strip():
        raise UsageError(
            f"--traffic {traffic!r} is not offered", mend="All data goes to one deployment: --traffic <deployment>:100"
        )
    return name.strip()


def _default(defaults: str | None) -> str | None:
    """The deployment of `--defaults deployment_name=name`."""
    if defaults is None:
        return None
    key, _, name = defaults.partition("=")
    if key.strip() != "deployment_name" or not name.strip():
        raise UsageError(f"--defaults {defaults!r} is not known", mend="Write --defaults deployment_name=<deployment>")
    return name.strip()
