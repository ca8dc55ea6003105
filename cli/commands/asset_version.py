"""Which version of an asset a verb is about."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from cli.api.workspace import Workspace
from cli.errors import NotFoundError, UsageError

LATEST = "latest"


def version_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`-v/--version` and `-l/--label latest`, given to the function as `version`; None when neither is given."""

    @wraps(function)
    def run(*arguments: Any, version: str | None, label: str | None, **options: Any) -> Any:
        if version and label:
            raise UsageError("--version and --label exclude each other", mend="Give one of them")
        return function(*arguments, version=version or label, **options)

    command: Callable[..., Any] = run
    for option in (
        click.option("-l", "--label", type=click.Choice([LATEST]), help="The newest that is not archived."),
        click.option("-v", "--version", help="The version, or `latest`."),
    ):
        command = option(command)
    return command


def named_version(workspace: Workspace, kind: str, name: str, version: str | None) -> str:
    """`version`, or the newest that is not archived for None and `latest`; raises NotFoundError."""
    if version and version.lower() != LATEST:
        return version
    latest = workspace.get(f"{kind}/{name}")["properties"].get("latestVersion")
    if not latest:
        raise NotFoundError(f"{name!r} in {kind} has no version")
    return str(latest)
