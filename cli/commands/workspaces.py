"""`bml workspace show|purge`."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from cli.api.workspace import Workspace
from cli.commands.verb import confirm, in_workspace, shown, yes_option
from cli.output.errors import UsageError

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
@click.option("--older-than", required=True, metavar="AGE", help="Of jobs that ended so long ago: 30d, 12h, 45m.")
@click.option("--include-outputs", is_flag=True, help="Their outputs, too.")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.option("--no-wait", is_flag=True, help="Do not wait until all is gone.")
@yes_option
@shown()
@in_workspace
def purge(
    workspace: Workspace, older_than: str, *, include_outputs: bool, dry_run: bool, no_wait: bool, yes: bool
) -> dict[str, Any]:
    """Remove what is left of old jobs: rows, logs, internals and orchestration history. Outputs stay.

    Uploads of code that no version names go, too, once they are a day old.
    """
    from cli.api.purge import Purge

    order = Purge(workspace, datetime.now(UTC) - _age(older_than), include_outputs)
    if dry_run:
        return order.preview()
    what = "with their outputs" if include_outputs else "but their outputs"
    confirm(f"Remove all jobs that ended more than {older_than} ago, {what}?", yes)
    return order.carry_out(wait=not no_wait)


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
@click.option("--url", required=True, help="The receiver, exactly as --webhook names it.")
@shown("url", "secret")
@in_workspace
def show_secret(workspace: Workspace, url: str) -> dict[str, str]:
    """Print the secret of the receiver at a URL; it is the same every time."""
    secret: dict[str, str] = workspace.post("listWebhookSecret", {"url": url})
    return secret
