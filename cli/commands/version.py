"""`bml version`."""

import click

from cli.commands.verb import shown


@click.command()
@shown()
def version() -> dict[str, str]:
    """Show the version of bml and of its Python."""
    import platform
    from importlib.metadata import version as installed

    return {"bml": installed("bml"), "python": platform.python_version()}
