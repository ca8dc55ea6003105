"""The common part of the verbs: decorators for shared options, and for printing what a verb returns."""

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

import click

from cli.output.forms import FORMS, OutputForm

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class ResourceName(click.ParamType[str]):
    """The name or version of a resource. It becomes one part of a URL's path, so it has no `/` and is not `..`."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the value; end the command with a usage error if it cannot be a name."""
        if not value.strip(".") or "/" in value:
            self.fail(f"{value!r} is not a name: use letters, digits, '-', '_' and '.'", param, ctx)
        return value


NAME = ResourceName()


def shown(*columns: str) -> Decorator:
    """Print what the function returns, as `-o` and `--query` say. `columns` are the columns of `-o table`."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def run(output: str, query: str, **options: Any) -> None:
            OutputForm(output, query, columns).show(function(**options))

        run = click.option("--query", default="", metavar="JMESPATH", help="Show only this part of the result.")(run)
        return click.option(
            "-o", "--output", type=click.Choice(FORMS), default="json", show_default=True, help="Form of the result."
        )(run)

    return decorate


def in_workspace(function: Callable[..., Any]) -> Callable[..., Any]:
    """Pass the Workspace that the options name to the function, as its first argument."""

    @wraps(function)
    def run(data_dir: Path | None, resource_group: str | None, workspace_name: str | None, **options: Any) -> Any:
        from cli.api.workspace import Workspace
        from cli.connection.connection import resolve

        connection = resolve(data_dir, resource_group=resource_group, workspace=workspace_name)
        return function(Workspace(connection), **options)

    command: Callable[..., Any] = run
    for option in (
        click.option("-w", "--workspace-name", type=NAME, help="Workspace; by default the service's own."),
        click.option("-g", "--resource-group", type=NAME, help="Resource group; by default the service's own."),
        data_dir_option(),
    ):
        command = option(command)
    return command


def data_dir_option() -> Decorator:
    """Add `--data-dir`, the folder of a local service."""
    return click.option(
        "--data-dir",
        type=click.Path(file_okay=False, path_type=Path),
        help="Data folder of a local service (default: $BML_DATA_DIR, or ./.local).",
    )


def name_option(help_text: str) -> Decorator:
    """Add `-n/--name`, which is required."""
    return click.option("-n", "--name", type=NAME, required=True, help=help_text)


def type_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `-t/--type`. This service has only the type `batch`."""

    @wraps(function)
    def run(*arguments: Any, endpoint_type: str, **options: Any) -> Any:
        from cli.output.errors import UsageError

        if endpoint_type != "batch":
            raise UsageError(
                f"--type {endpoint_type} is not offered", hint="This service has batch endpoints: use --type batch"
            )
        return function(*arguments, **options)

    return click.option("-t", "--type", "endpoint_type", default="batch", show_default=True, help="Kind of endpoint.")(
        run
    )


def file_option(help_text: str, *, required: bool = False) -> Decorator:
    """Add `-f/--file`, a YAML file."""
    return click.option(
        "-f",
        "--file",
        type=click.Path(dir_okay=False, path_type=Path),
        required=required,
        help=f"{help_text} (YAML)",
    )


def check_given(what: str, content: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    """Raise UsageError for the first of `keys` that is missing in `content`."""
    from cli.output.errors import UsageError

    for key in keys:
        if key not in content:
            raise UsageError(f"the {what} has no {key}", hint=f"Give --{key}, or `{key}` in a --file")


def set_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--set key=value`, which is repeatable."""
    return click.option(
        "--set", "assignments", multiple=True, metavar="KEY=VALUE", help="Set one value, e.g. a.b=3; repeatable."
    )(function)


def changes_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--set`, `--add`, `--remove` and `--force-string`. The function gets `changes`, a PropertyChanges."""

    @wraps(function)
    def run(
        *arguments: Any,
        assignments: tuple[str, ...],
        additions: tuple[tuple[str, str], ...],
        removals: tuple[str, ...],
        force_string: bool,
        **options: Any,
    ) -> Any:
        from cli.deploy.property_changes import PropertyChanges

        return function(*arguments, changes=PropertyChanges(assignments, additions, removals, force_string), **options)

    command: Callable[..., Any] = run
    for option in (
        click.option("--force-string", is_flag=True, help="Take values of --set and --add as texts, never as numbers."),
        click.option("--remove", "removals", multiple=True, metavar="KEY", help="Remove a value, e.g. tags.team."),
        click.option(
            "--add", "additions", multiple=True, nargs=2, metavar="KEY K=V", help="Add to a mapping: tags team=blue."
        ),
        set_option,
    ):
        command = option(command)
    return command


def tags_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--tags key=value`, which is repeatable. The function gets `tags`, which is None without the option."""

    @wraps(function)
    def run(*arguments: Any, tags: tuple[str, ...], **options: Any) -> Any:
        return function(*arguments, tags=dict(_pair(tag) for tag in tags) or None, **options)

    return click.option("--tags", multiple=True, metavar="KEY=VALUE", help="A tag; repeatable.")(run)


def _pair(text: str) -> tuple[str, str]:
    from cli.output.errors import UsageError

    key, separator, value = text.partition("=")
    if not separator or not key.strip():
        raise UsageError(f"{text!r} is not key=value", hint="For example: --tags team=blue")
    return key.strip(), value


def list_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of lists. The function gets `max_results` and `view` (ARM's `listViewType`)."""

    @wraps(function)
    def run(*arguments: Any, include_archived: bool, archived_only: bool, **options: Any) -> Any:
        view = "ArchivedOnly" if archived_only else "All" if include_archived else "ActiveOnly"
        return function(*arguments, view=view, **options)

    command: Callable[..., Any] = click.option("--archived-only", is_flag=True, help="List only archived items.")(run)
    command = click.option("--include-archived", is_flag=True, help="List archived items, too.")(command)
    return click.option(
        "-r", "--max-results", type=click.IntRange(min=1), default=100, show_default=True, help="Most items to list."
    )(command)


def yes_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `-y/--yes`, which skips the confirmation."""
    return click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation.")(function)


def confirm(question: str, yes: bool) -> None:
    """Ask for confirmation on a terminal; raise UsageError without a terminal."""
    import sys

    from cli.output.errors import UsageError

    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("this needs a confirmation, and there is no terminal to ask on", hint="Give --yes")
    click.confirm(question, abort=True, err=True)
