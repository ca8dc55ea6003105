"""`bml job update|archive|restore`."""

from typing import TYPE_CHECKING, Any

import click

from cli.api.workspace import Resource, Workspace
from cli.commands.verb import changes_options, in_workspace, name_option, shown
from cli.errors import UsageError
from cli.output.resources import job_view

if TYPE_CHECKING:
    from cli.deploy.property_changes import PropertyChanges

COLUMNS = ("name", "status", "experiment_name", "display_name")
_CHANGEABLE = ("display_name", "description", "tags", "properties")


@click.command()
@name_option("The job.")
@changes_options
@shown(*COLUMNS)
@in_workspace
def update(workspace: Workspace, name: str, changes: "PropertyChanges") -> dict[str, Any]:
    """Change display_name, description, tags.<key> and properties.<key> of a job, also of one that has ended."""
    from cli.yaml_files.description_forms import JobDescription

    if not changes:
        raise UsageError("there is nothing to update", mend="Give --set, --add or --remove")
    changes.check(_CHANGEABLE, "a job")
    view = job_view(workspace.get(f"jobs/{name}"))
    form = changes.applied(JobDescription, {key: view[key] for key in _CHANGEABLE})
    properties = {
        "displayName": form.display_name or name,
        "description": form.description or "",
        "tags": dict(form.tags),
        "properties": dict(form.properties),
    }
    return job_view(_put(workspace, name, properties))


@click.command()
@name_option("The job.")
@shown(*COLUMNS)
@in_workspace
def archive(workspace: Workspace, name: str) -> dict[str, Any]:
    """Hide a job from lists."""
    return job_view(_put(workspace, name, {"isArchived": True}))


@click.command()
@name_option("The job.")
@shown(*COLUMNS)
@in_workspace
def restore(workspace: Workspace, name: str) -> dict[str, Any]:
    """Show an archived job in lists again."""
    return job_view(_put(workspace, name, {"isArchived": False}))


def _put(workspace: Workspace, name: str, properties: dict[str, Any]) -> Resource:
    return workspace.put(f"jobs/{name}", {"properties": properties}, wait=False)
