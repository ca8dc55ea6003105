"""`bml schedule show|list|enable|disable|delete`."""

from typing import Any

from cli.api.workspace import Resource
from cli.commands.starter_verbs import StarterVerbs, started_view

COLUMNS = ("name", "is_enabled", "cron", "time_zone", "endpoint", "next_run_time", "last_job")


def schedule_view(schedule: Resource) -> dict[str, Any]:
    """A schedule: when it is due, what it invokes, how it went last."""
    properties = schedule["properties"]
    trigger, run = properties["trigger"], properties.get("lastRun") or {}
    return started_view(schedule) | {
        "cron": trigger["expression"],
        "time_zone": trigger["timeZone"],
        "start_time": trigger.get("startTime"),
        "end_time": trigger.get("endTime"),
        "allow_overlap": properties["allowOverlap"],
        "next_run_time": properties.get("nextRunTime"),
        "last_run_time": run.get("due"),
        "last_job": run.get("job"),
        "last_problem": run.get("problem"),
    }


_verbs = StarterVerbs("schedule", "schedules", COLUMNS, schedule_view)
show = _verbs.show("Show a schedule, its last job and its next time.")
list_schedules = _verbs.list()
enable = _verbs.enable("Let a schedule go on from now; what it missed is not made up for.")
disable = _verbs.disable("Stop a schedule; a job that it has started goes on.")
delete = _verbs.delete()
