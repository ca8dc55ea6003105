"""`bml trigger show|list|enable|disable|delete`."""

from typing import Any

import click

from cli.api.workspace import Resource, Workspace
from cli.commands.verb import confirm, in_workspace, name_option, shown, yes_option
from cli.output.resources import snake_names

COLUMNS = ("name", "is_enabled", "path", "ends_with", "input", "endpoint", "jobs_started", "problems", "last_job")

INPUTS = {"UriFile": "file", "UriFolder": "folder"}


@click.command()
@name_option("The trigger.")
@shown(*COLUMNS)
@in_workspace
def show(workspace: Workspace, name: str) -> dict[str, Any]:
    """Show a trigger, what it started last and what went wrong last."""
    return trigger_view(workspace.get(f"blobTriggers/{name}"))


@click.command("list")
@shown(*COLUMNS)
@in_workspace
def list_triggers(workspace: Workspace) -> list[dict[str, Any]]:
    """List all triggers."""
    return [trigger_view(trigger) for trigger in workspace.list("blobTriggers")]


@click.command()
@name_option("The trigger.")
@shown(*COLUMNS)
@in_workspace
def enable(workspace: Workspace, name: str) -> dict[str, Any]:
    """Let a trigger go on; blobs that came while it was stopped start nothing."""
    return _set_enabled(workspace, name, enabled=True)


@click.command()
@name_option("The trigger.")
@shown(*COLUMNS)
@in_workspace
def disable(workspace: Workspace, name: str) -> dict[str, Any]:
    """Stop a trigger; jobs that it has started go on."""
    return _set_enabled(workspace, name, enabled=False)


@click.command()
@name_option("The trigger.")
@yes_option
@shown()
@in_workspace
def delete(workspace: Workspace, name: str, yes: bool) -> None:
    """Delete a trigger; its jobs stay."""
    workspace.get(f"blobTriggers/{name}")
    confirm(f"Delete the trigger {name}?", yes)
    workspace.delete(f"blobTriggers/{name}")


def trigger_view(trigger: Resource) -> dict[str, Any]:
    """A trigger: which blobs count, what it invokes, what it did."""
    properties = trigger["properties"]
    source, status = properties["trigger"], properties.get("status") or {}
    invocation = properties["action"]["endpointInvocationDefinition"]
    return {
        "name": trigger["name"],
        "id": trigger["id"],
        "description": properties.get("description"),
        "is_enabled": properties["isEnabled"],
        "path": source["path"],
        "ends_with": source["endsWith"],
        "input": INPUTS[source["jobInputType"]],
        "endpoint": invocation["endpoint"],
        "deployment": invocation.get("deployment"),
        "invocation": invocation["properties"],
        "since": status.get("since"),
        "jobs_started": status.get("jobsStarted"),
        "last_job": status.get("lastJob"),
        "last_blob": status.get("lastBlob"),
        "last_time": status.get("lastTime"),
        "problems": status.get("problems"),
        "last_problem": status.get("lastProblem"),
        "last_problem_blob": status.get("lastProblemBlob"),
        "last_problem_time": status.get("lastProblemTime"),
        "creation_context": snake_names(trigger.get("systemData") or {}),
    }


def _set_enabled(workspace: Workspace, name: str, *, enabled: bool) -> dict[str, Any]:
    properties = workspace.get(f"blobTriggers/{name}")["properties"]
    body = {"properties": {**properties, "isEnabled": enabled}}
    return trigger_view(workspace.put(f"blobTriggers/{name}", body))
