"""The entry point of `bml`. It runs a command, and turns every error into one line and an exit code."""

import logging
import os
import sys
from collections.abc import Iterable, Iterator
from itertools import pairwise

import click

from cli.command_tree import bml
from cli.output.errors import CliError, StoppedError, UsageError, sentence
from cli.output.verbosity import Verbosity

log = logging.getLogger(__name__)

MAY_BE_EMPTY = frozenset({"--description", "--display-name", "--ends-with", "--query"})
"""Options that may have an empty value. For others, it comes from a variable of the shell that is not set."""

SPREAD = frozenset({"--set", "--tags", "--environment-variables", "--defaults"})
"""Options that take several values in a row, as in `az`."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code, which docs/cli.md lists."""
    verbosity = Verbosity()
    try:
        return _run(sys.argv[1:] if arguments is None else arguments, verbosity)
    except BrokenPipeError:
        return _leave_closed_pipe()
    except OSError as error:
        log.debug("the system refused something", exc_info=error)
        return _fail(_refusal(error), CliError.exit_code)
    except Exception as error:
        if verbosity.debug:
            raise
        return _fail(f"{_defect(error)}. Run it again with --debug and report what it says.", 1)
    finally:
        verbosity.close()


def _run(arguments: list[str], verbosity: Verbosity) -> int:
    try:
        check_values(arguments)
        result = bml.main(args=spread(arguments), prog_name="bml", standalone_mode=False, obj=verbosity)
    except CliError as error:
        log.debug("the command failed", exc_info=error)
        return _fail(error.as_line(), error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else bml.name)
        return 0
    except click.ClickException as error:
        return _fail(_usage_line(error), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return _fail("interrupted.", StoppedError.exit_code)
    return result if isinstance(result, int) else 0


def _fail(line: str, code: int) -> int:
    click.echo(f"error: {line}", err=True)
    return code


def _usage_line(error: click.ClickException) -> str:
    """Return click's message on one line, followed by the command that prints the help."""
    message = sentence(error.format_message())
    context = getattr(error, "ctx", None)
    return f"{message} See `{context.command_path} --help`." if context else message


def _refusal(error: OSError) -> str:
    """Return what the operating system refused, for example a name that is too long or a write to a full disk."""
    reason = error.strerror or str(error) or type(error).__name__
    file = error.filename2 or error.filename
    return sentence(f"{file}: {reason}" if file else reason)


def _defect(error: Exception) -> str:
    message = " ".join(str(error).split()).rstrip(".")
    return f"bml has a defect: {type(error).__name__}: {message}"


def _leave_closed_pipe() -> int:
    """End quietly when the reader of our output has exited (`| head`), and keep Python from flushing into the pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def check_values(arguments: list[str]) -> None:
    """Raise UsageError for an option with an empty value, such as `--input-local-path "$DATA"` without `DATA`."""
    for before, argument in pairwise(["", *arguments]):
        option, separator, value = argument.partition("=") if argument.startswith("--") else (before, "=", argument)
        if option.startswith("-") and separator and not value and option not in MAY_BE_EMPTY:
            raise UsageError(f"{option} has an empty value", hint="Give a value, or leave the option out")


def spread(arguments: Iterable[str]) -> list[str]:
    """Return the arguments with `--set a=1 b=2` written as `--set a=1 --set b=2`."""
    return list(_spread(iter(arguments)))


def _spread(arguments: Iterator[str]) -> Iterator[str]:
    option, first = "", False
    for argument in arguments:
        if argument == "--":
            yield argument
            yield from arguments
            return
        if argument.startswith("-"):
            option = argument
        elif option in SPREAD and not first and "=" in argument:
            yield option
        first = argument.startswith("-")
        yield argument


if __name__ == "__main__":
    sys.exit(main())
