"""`bml schedule show|list|enable|disable|delete`."""

from typing import Any

import click

from cli.api.workspace import Resource, Workspace
from cli.commands.verb import confirm, in_workspace, name_option, shown, yes_option
from cli.output.resources import snake_names

COLUMNS = ("name", "is_enabled", "cron", "time_zone", "endpoint", "next_run_time", "last_job")


@click.command()
@name_option("The schedule.")
@shown(*COLUMNS)
@in_workspace
def show(workspace: Workspace, name: str) -> dict[str, Any]:
    """Show a schedule, its last job and its next time."""
    return schedule_view(workspace.get(f"schedules/{name}"))


@click.command("list")
@shown(*COLUMNS)
@in_workspace
def list_schedules(workspace: Workspace) -> list[dict[str, Any]]:
    """List all schedules."""
    return [schedule_view(schedule) for schedule in workspace.list("schedules")]


@click.command()
@name_option("The schedule.")
@shown(*COLUMNS)
@in_workspace
def enable(workspace: Workspace, name: str) -> dict[str, Any]:
    """Let a schedule go on from now; what it missed is not made up for."""
    return _set_enabled(workspace, name, enabled=True)


@click.command()
@name_option("The schedule.")
@shown(*COLUMNS)
@in_workspace
def disable(workspace: Workspace, name: str) -> dict[str, Any]:
    """Stop a schedule; a job that it has started goes on."""
    return _set_enabled(workspace, name, enabled=False)


@click.command()
@name_option("The schedule.")
@yes_option
@shown()
@in_workspace
def delete(workspace: Workspace, name: str, yes: bool) -> None:
    """Delete a schedule; its jobs stay."""
    workspace.get(f"schedules/{name}")
    confirm(f"Delete the schedule {name}?", yes)
    workspace.delete(f"schedules/{name}")


def schedule_view(schedule: Resource) -> dict[str, Any]:
    """A schedule: when it is due, what it invokes, how it went last."""
    properties = schedule["properties"]
    trigger = properties["trigger"]
    invocation = properties["action"]["endpointInvocationDefinition"]
    run = properties.get("lastRun") or {}
    return {
        "name": schedule["name"],
        "id": schedule["id"],
        "is_enabled": properties["isEnabled"],
        "cron": trigger["expression"],
        "time_zone": trigger["timeZone"],
        "start_time": trigger.get("startTime"),
        "end_time": trigger.get("endTime"),
        "allow_overlap": properties["allowOverlap"],
        "endpoint": invocation["endpoint"],
        "deployment": invocation.get("deployment"),
        "invocation": invocation["properties"],
        "next_run_time": properties.get("nextRunTime"),
        "last_run_time": run.get("due"),
        "last_job": run.get("job"),
        "last_problem": run.get("problem"),
        "creation_context": snake_names(schedule.get("systemData") or {}),
    }


def _set_enabled(workspace: Workspace, name: str, *, enabled: bool) -> dict[str, Any]:
    properties = workspace.get(f"schedules/{name}")["properties"]
    body = {"properties": {**properties, "isEnabled": enabled}}
    return schedule_view(workspace.put(f"schedules/{name}", body))
