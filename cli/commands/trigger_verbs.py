"""`bml trigger show|list|enable|disable|delete`."""

from typing import Any

from cli.api.workspace import Resource
from cli.commands.starter_verbs import StarterVerbs, started_view

COLUMNS = ("name", "is_enabled", "path", "ends_with", "input", "endpoint", "jobs_started", "problems", "last_job")

INPUTS = {"UriFile": "file", "UriFolder": "folder"}


def trigger_view(trigger: Resource) -> dict[str, Any]:
    """A trigger: which blobs count, what it invokes, what it did."""
    properties = trigger["properties"]
    source, status = properties["trigger"], properties.get("status") or {}
    return started_view(trigger) | {
        "path": source["path"],
        "ends_with": source["endsWith"],
        "input": INPUTS[source["jobInputType"]],
        "since": status.get("since"),
        "jobs_started": status.get("jobsStarted"),
        "last_job": status.get("lastJob"),
        "last_blob": status.get("lastBlob"),
        "last_time": status.get("lastTime"),
        "problems": status.get("problems"),
        "last_problem": status.get("lastProblem"),
        "last_problem_blob": status.get("lastProblemBlob"),
        "last_problem_time": status.get("lastProblemTime"),
    }


_verbs = StarterVerbs("trigger", "blobTriggers", COLUMNS, trigger_view)
show = _verbs.show("Show a trigger, what it started last and what went wrong last.")
list_triggers = _verbs.list()
enable = _verbs.enable("Let a trigger go on; blobs that came while it was stopped start nothing.")
disable = _verbs.disable("Stop a trigger; jobs that it has started go on.")
delete = _verbs.delete()
