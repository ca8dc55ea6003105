"""`bml compute update`."""

from typing import TYPE_CHECKING, Any

import click

from cli.api.workspace import Workspace
from cli.commands.verb import changes_options, in_workspace, name_option, shown, tags_option
from cli.errors import UsageError
from cli.output.resources import compute_view

if TYPE_CHECKING:
    from cli.deploy.property_changes import PropertyChanges

COLUMNS = ("name", "type", "provisioning_state", "current_node_count", "min_instances", "max_instances")
_CHANGEABLE = ("description", "tags", "min_instances", "max_instances", "idle_time_before_scale_down", "size", "tier")


@click.command()
@name_option("The cluster.")
@click.option("--min-instances", type=click.IntRange(min=0), help="Instances that are always there.")
@click.option("--max-instances", type=click.IntRange(min=1), help="Instances at most.")
@click.option("-s", "--idle-time-before-scale-down", type=click.IntRange(min=0), help="Seconds.")
@tags_option
@changes_options
@click.option("--no-wait", is_flag=True, help="Do not wait until it is ready.")
@shown(*COLUMNS)
@in_workspace
def update(
    workspace: Workspace, *, name: str, changes: "PropertyChanges", no_wait: bool, **options: Any
) -> dict[str, Any]:
    """Change a cluster; what is not given stays as it is."""
    from cli.deploy.compute import compute_body
    from cli.yaml_files.compute_form import ComputeForm

    given = {key: value for key, value in options.items() if value is not None}
    if not (given or changes):
        raise UsageError("there is nothing to update", mend="Give --max-instances, --tags, --set or the like")
    changes.check(_CHANGEABLE, "a compute")
    there = workspace.get(f"computes/{name}")
    view = compute_view(there)
    content = {key: view[key] for key in _CHANGEABLE if view[key] is not None} | given
    form = changes.applied(ComputeForm, content)
    body = compute_body(form, str(there.get("location") or ""))
    return compute_view(workspace.put(f"computes/{name}", body, wait=not no_wait))
