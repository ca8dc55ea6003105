"""The verbs of computes."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.api.views import compute_view
from cli.api.workspace import Workspace
from cli.commands.verb import (
    NAME,
    changes_options,
    confirm,
    file_option,
    in_workspace,
    name_option,
    shown,
    tags_option,
    yes_option,
)
from cli.output.errors import UsageError

if TYPE_CHECKING:
    from cli.deploy.property_changes import PropertyChanges
    from cli.yaml_files.resource_forms import ComputeForm


COLUMNS = ("name", "type", "provisioning_state", "current_node_count", "min_instances", "max_instances")


@click.command()
@click.option("-n", "--name", type=NAME, help="The cluster.")
@click.option("-t", "--type", "kind", help="AmlCompute.")
@file_option("The cluster; options override it.")
@click.option("--size", help="Size of the machines, e.g. Standard_DS3_v2.")
@click.option("--min-instances", type=int, help="Instances that always run; 0 by default.")
@click.option("--max-instances", type=int, help="Most instances; 4 by default.")
@click.option(
    "-s", "--idle-time-before-scale-down", type=int, help="Seconds that an idle instance waits; 120 by default."
)
@click.option("--priority", help="dedicated or low_priority.")
@click.option("--tier", "priority", help="The same as --priority.", hidden=True)
@click.option("--description", help="A description.")
@click.option("--location", help="Region.")
@tags_option
@click.option("--no-wait", is_flag=True, help="Do not wait until it is ready.")
@shown(*COLUMNS)
@in_workspace
def create(workspace: Workspace, *, file: Path | None, no_wait: bool, **options: Any) -> dict[str, Any]:
    """Create a cluster, or change one that exists."""
    from cli.yaml_files.resource_forms import compute_body

    form = _form(file, options)
    if not form.name:
        raise UsageError("the cluster has no name", hint="Give --name, or `name` in the file")
    return compute_view(
        workspace.put(
            f"computes/{form.name}",
            compute_body(form, form.location or workspace.get("").get("location")),
            wait=not no_wait,
        )
    )


@click.command()
@name_option("The cluster.")
@shown(*COLUMNS)
@in_workspace
def show(workspace: Workspace, name: str) -> dict[str, Any]:
    """Show a cluster and what its nodes do."""
    return compute_view(workspace.get(f"computes/{name}"))


@click.command("list")
@shown(*COLUMNS)
@in_workspace
def list_computes(workspace: Workspace) -> list[dict[str, Any]]:
    """List all clusters."""
    return [compute_view(compute) for compute in workspace.list("computes")]


@click.command()
@name_option("The cluster.")
@yes_option
@click.option("--no-wait", is_flag=True, help="Do not wait until it is deleted.")
@shown()
@in_workspace
def delete(workspace: Workspace, name: str, yes: bool, no_wait: bool) -> None:
    """Delete a cluster and its instances."""
    workspace.get(f"computes/{name}")
    confirm(f"Delete the compute {name}?", yes)
    workspace.delete(f"computes/{name}", wait=not no_wait)


def _form(file: Path | None, options: dict[str, Any]) -> "ComputeForm":
    """Read the file and override it with the options. Both pass the same checks."""
    from cli.yaml_files.document import document_of
    from cli.yaml_files.form import read_form
    from cli.yaml_files.resource_forms import ComputeForm

    keys = {"kind": "type", "priority": "tier"}
    given = {keys.get(key, key): value for key, value in options.items()}
    return read_form(ComputeForm, document_of(file, given))


_CHANGEABLE = ("description", "tags", "min_instances", "max_instances", "idle_time_before_scale_down", "size", "tier")


@click.command()
@name_option("The cluster.")
@click.option("--min-instances", type=click.IntRange(min=0), help="Instances that always run.")
@click.option("--max-instances", type=click.IntRange(min=1), help="Most instances.")
@click.option(
    "-s", "--idle-time-before-scale-down", type=click.IntRange(min=0), help="Seconds that an idle instance waits."
)
@tags_option
@changes_options
@click.option("--no-wait", is_flag=True, help="Do not wait until it is ready.")
@shown(*COLUMNS)
@in_workspace
def update(
    workspace: Workspace, *, name: str, changes: "PropertyChanges", no_wait: bool, **options: Any
) -> dict[str, Any]:
    """Change a cluster; what is not given stays as it is."""
    from cli.yaml_files.resource_forms import ComputeForm, compute_body

    given = {key: value for key, value in options.items() if value is not None}
    if not (given or changes):
        raise UsageError("there is nothing to update", hint="Give --max-instances, --tags, --set or the like")
    changes.check(_CHANGEABLE, "a compute")
    there = workspace.get(f"computes/{name}")
    view = compute_view(there)
    content = {key: view[key] for key in _CHANGEABLE if view[key] is not None} | given
    form = changes.applied(ComputeForm, content)
    body = compute_body(form, str(there.get("location") or ""))
    return compute_view(workspace.put(f"computes/{name}", body, wait=not no_wait))
