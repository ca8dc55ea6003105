"""`bml completion`."""

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that makes a shell complete bml's commands and options.

    bash: eval "$(bml completion bash)", zsh: eval "$(bml completion zsh)", fish: bml completion fish | source
    """
    from click.shell_completion import get_completion_class

    from cli.main import bml

    script = get_completion_class(shell)
    assert script, f"click completes in {shell}"
    click.echo(script(bml, {}, "bml", "_BML_COMPLETE").source())
