"""`bml configure`, `bml completion` and `bml version`: the verbs without a group."""

import click

from cli.commands.verb import shown


@click.command()
@click.option("-d", "--defaults", multiple=True, metavar="KEY=VALUE", help="Keep a default; an empty value removes it.")
@click.option("-l", "--list-defaults", is_flag=True, help="Only show the defaults.")
@shown()
def configure(defaults: tuple[str, ...], list_defaults: bool) -> dict[str, str]:
    """Keep a default for --resource-group (group), --workspace-name (workspace) or --data-dir (data-dir)."""
    from cli.connection.connection import Defaults
    from cli.output.errors import UsageError

    kept = Defaults.read()
    if list_defaults:
        return kept.values
    if not defaults:
        raise UsageError("there is nothing to keep", hint="Give --defaults group=<name>, or --list-defaults")
    changed = kept.changed(defaults)
    changed.write()
    return changed.values


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that makes a shell complete bml's commands and options.

    bash: eval "$(bml completion bash)", zsh: eval "$(bml completion zsh)", fish: bml completion fish | source
    """
    from click.shell_completion import get_completion_class

    script = get_completion_class(shell)
    assert script, f"click completes in {shell}"
    click.echo(script(context.find_root().command, {}, "bml", "_BML_COMPLETE").source())


@click.command()
@shown()
def version() -> dict[str, str]:
    """Show the version of bml and of its Python."""
    import platform
    from importlib.metadata import version as installed

    return {"bml": installed("bml"), "python": platform.python_version()}
