"""`bml configure`."""

import click

from cli.commands.verb import shown


@click.command()
@click.option("-d", "--defaults", multiple=True, metavar="KEY=VALUE", help="Keep it; an empty value forgets it.")
@click.option("-l", "--list-defaults", is_flag=True, help="Only show them.")
@shown()
def configure(defaults: tuple[str, ...], list_defaults: bool) -> dict[str, str]:
    """Keep a default for --resource-group (group), --workspace-name (workspace) or --data-dir (data-dir)."""
    from cli.connection.defaults import Defaults
    from cli.errors import UsageError

    kept = Defaults.read()
    if list_defaults:
        return kept.values
    if not defaults:
        raise UsageError("there is nothing to keep", mend="Give --defaults group=<name>, or --list-defaults")
    changed = kept.changed(defaults)
    changed.write()
    return changed.values
