"""`bml webhook`."""

import click

from cli.api.workspace import Workspace
from cli.commands.verb import in_workspace, shown
from cli.lazy_group import LazyCommand, LazyGroup

group = LazyGroup(
    "webhook",
    {"show-secret": LazyCommand("cli.commands.webhook:show_secret", "What a receiver checks signatures with.")},
    help="Who is told of the end of jobs.",
)


@click.command("show-secret")
@click.option("--url", required=True, help="The receiver, exactly as --webhook names it.")
@shown("url", "secret")
@in_workspace
def show_secret(workspace: Workspace, url: str) -> dict[str, str]:
    """Print the secret of the receiver at a URL; it is the same every time."""
    secret: dict[str, str] = workspace.post("listWebhookSecret", {"url": url})
    return secret
