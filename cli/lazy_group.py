"""Command groups that import a command's module only when the command is run.

`bml --help` must start in under 0.4 s, so a group knows the name and the one-line help of each command and
nothing else.
"""

from dataclasses import dataclass
from importlib import import_module

import click

from cli.output.verbosity import with_verbosity


@dataclass(frozen=True)
class LazyCommand:
    """A command that is not imported yet."""

    target: str
    """`module:attribute` of the click command."""
    short_help: str

    def load(self) -> click.Command:
        """Import it."""
        module, _, attribute = self.target.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return with_verbosity(command)


class LazyGroup(click.Group):
    """A group of LazyCommands."""

    def __init__(self, name: str, commands: dict[str, LazyCommand], *, help: str) -> None:  # noqa: A002 - click's own parameter name
        """`commands` are listed in the given order."""
        super().__init__(name=name, help=help, context_settings={"help_option_names": ["-h", "--help"]})
        self._lazy = commands

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which one uses them."""
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        lazy = self._lazy.get(cmd_name)
        return lazy.load() if lazy else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments begin with; raises click.UsageError, with what was probably meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from cli.output.errors import did_you_mean

            raise click.UsageError(" ".join([error.message, *did_you_mean(args[0], self._lazy)]), ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the short helps alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.short_help) for name, lazy in self._lazy.items()])
