"""The verbs of the workspace and of its webhooks."""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from cli.api.workspace import Workspace
from cli.commands.verb import confirm, in_workspace, shown, yes_option
from cli.output.errors import ServiceError, UsageError

LONGEST_WAIT_SECONDS = 600.0
POLL_SECONDS = 0.5
LONGEST_POLL_SECONDS = 5.0
_AGE = re.compile(r"(\d+)([dhms])")
_LONGEST_AGE = timedelta(days=36_500)
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


@click.command()
@shown("name", "location", "id")
@in_workspace
def show(workspace: Workspace) -> dict[str, Any]:
    """Show the workspace."""
    found = workspace.get("")
    details = {"name": found["name"], "id": found["id"], "location": found.get("location")}
    return details | {"discovery_url": (found.get("properties") or {}).get("discoveryUrl")}


@click.command()
@click.option(
    "--older-than", required=True, metavar="AGE", help="Remove jobs that ended longer ago than this: 30d, 12h, 45m."
)
@click.option("--include-outputs", is_flag=True, help="Remove their outputs, too.")
@click.option("--dry-run", is_flag=True, help="Only print what would be removed.")
@click.option("--no-wait", is_flag=True, help="Do not wait until everything is removed.")
@yes_option
@shown()
@in_workspace
def purge(
    workspace: Workspace, older_than: str, *, include_outputs: bool, dry_run: bool, no_wait: bool, yes: bool
) -> dict[str, Any]:
    """Remove what is left of old jobs: rows, logs, internals and orchestration history. Outputs stay.

    The command also removes uploads of code that are older than a day and that no version uses.
    """
    order = Purge(workspace, datetime.now(UTC) - _age(older_than), include_outputs)
    if dry_run:
        return order.preview()
    what = "with their outputs" if include_outputs else "but keep their outputs"
    confirm(f"Remove all jobs that ended more than {older_than} ago, {what}?", yes)
    return order.carry_out(wait=not no_wait)


@dataclass(frozen=True)
class Purge:
    """Removes what is left of old jobs, request by request until nothing is left."""

    workspace: Workspace
    ended_before: datetime
    include_outputs: bool

    def preview(self) -> dict[str, Any]:
        """Return the jobs and code uploads that would be removed."""
        return self._view(self._post(dry_run=True))

    def carry_out(self, *, wait: bool) -> dict[str, Any]:
        """Remove jobs and code uploads, and return them. With `wait=False`, return before they are removed."""
        plan = self._post(dry_run=False)
        removed = self._view(plan)
        while plan["jobs"] and (wait or plan["more"]):
            self._await(set(plan["jobs"]))
            if not plan["more"]:
                break
            plan = self._post(dry_run=False)
            removed["jobs"] += plan["jobs"]
        return removed

    def _await(self, jobs: set[str]) -> None:
        """Wait until these jobs are removed. Raise ServiceError that names one that is left."""
        deadline, pause = time.monotonic() + LONGEST_WAIT_SECONDS, POLL_SECONDS
        while left := jobs & set(self._post(dry_run=True)["jobs"]):
            if time.monotonic() > deadline:
                raise ServiceError(
                    f"{len(left)} jobs are still there, for example {min(left)}",
                    hint="The service continues to try; look at its log if they stay",
                )
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_POLL_SECONDS)

    def _post(self, *, dry_run: bool) -> dict[str, Any]:
        order = {"endedBefore": self.ended_before.isoformat(), "includeOutputs": self.include_outputs}
        plan: dict[str, Any] = self.workspace.post("purgeJobs", order | {"dryRun": dry_run})
        return plan

    def _view(self, plan: dict[str, Any]) -> dict[str, Any]:
        return {
            "ended_before": self.ended_before.isoformat(timespec="seconds"),
            "dry_run": plan["dryRun"],
            "jobs": list(plan["jobs"]),
            "more": plan["more"],
            "code_uploads": plan["codeUploads"],
            **({"warnings": plan["warnings"]} if plan.get("warnings") else {}),
        }


def _age(text: str) -> timedelta:
    match = _AGE.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(f"--older-than {text!r} is not an age", hint="Write 30d, 12h or 45m")
    try:
        age = timedelta(**{_UNITS[match[2]]: int(match[1])})
    except (OverflowError, ValueError):
        age = timedelta.max
    if age > _LONGEST_AGE:
        raise UsageError(f"--older-than {text!r} is too long an age", hint=f"Write at most {_LONGEST_AGE.days}d")
    return age


@click.command("show-secret")
@click.option("--url", required=True, help="URL of the receiver, exactly as in --webhook.")
@shown("url", "secret")
@in_workspace
def show_secret(workspace: Workspace, url: str) -> dict[str, str]:
    """Print the secret of the receiver at a URL. It is the same every time."""
    secret: dict[str, str] = workspace.post("listWebhookSecret", {"url": url})
    return secret
