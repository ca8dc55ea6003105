"""The entry point of `bml`: runs a command and turns every error into one line and an exit code."""

import logging
import os
import sys
from collections.abc import Iterable, Iterator

import click

from cli.lazy_group import LazyCommand, LazyGroup
from cli.output.errors import CliError, StoppedError, sentence
from cli.output.verbosity import Verbosity

log = logging.getLogger(__name__)

bml = LazyGroup(
    "bml",
    {
        "endpoint": LazyCommand(
            "cli.command_tree:endpoint_group", "Batch endpoints and their deployments; invoke them."
        ),
        "batch-endpoint": LazyCommand("cli.command_tree:batch_endpoint_group", "The same with today's verbs."),
        "batch-deployment": LazyCommand("cli.command_tree:batch_deployment_group", "Deployments, with today's verbs."),
        "job": LazyCommand("cli.command_tree:job_group", "Watch batch scoring jobs and get their results."),
        "compute": LazyCommand("cli.command_tree:compute_group", "Clusters that jobs run on."),
        "model": LazyCommand("cli.command_tree:model", "Registered models."),
        "data": LazyCommand("cli.command_tree:data", "Registered data."),
        "environment": LazyCommand("cli.command_tree:environment", "Registered environments of scripts."),
        "datastore": LazyCommand("cli.command_tree:datastore", "Registered blob containers."),
        "schedule": LazyCommand("cli.command_tree:schedule_group", "Invoke endpoints by the clock."),
        "trigger": LazyCommand("cli.command_tree:trigger_group", "Invoke endpoints when blobs arrive."),
        "webhook": LazyCommand("cli.command_tree:webhook_group", "Who is told of the end of jobs."),
        "workspace": LazyCommand("cli.command_tree:workspace_group", "The workspace; purge what is left of old jobs."),
        "account": LazyCommand("cli.command_tree:account_group", "Who you are; access tokens for REST calls."),
        "local": LazyCommand("cli.command_tree:local_group", "A whole service on this machine: up, down, status."),
        "configure": LazyCommand("cli.configure:configure", "Keep defaults for options."),
        "completion": LazyCommand("cli.configure:completion", "Make a shell complete commands."),
        "version": LazyCommand("cli.configure:version", "The version of bml."),
    },
    help="""Azure Machine Learning batch endpoints, self-hosted.

    Begin with `bml local up`, then `bml compute create` and `bml endpoint create`.""",
)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; the exit code is the one of docs/cli.md."""
    verbosity = Verbosity()
    try:
        return _run(sys.argv[1:] if arguments is None else arguments, verbosity)
    except BrokenPipeError:
        return _leave_closed_pipe()
    except Exception as error:
        if verbosity.debug:
            raise
        return _fail(f"{_defect(error)}. Run it again with --debug and report what it says.", 1)
    finally:
        verbosity.close()


def _run(arguments: list[str], verbosity: Verbosity) -> int:
    try:
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
    """click's message in one line, with the way to the command's help."""
    message = sentence(error.format_message())
    context = getattr(error, "ctx", None)
    return f"{message} See `{context.command_path} --help`." if context else message


def _defect(error: Exception) -> str:
    message = " ".join(str(error).split()).rstrip(".")
    return f"bml has a defect: {type(error).__name__}: {message}"


def _leave_closed_pipe() -> int:
    """Whoever read our output has gone (`| head`): end quietly, and keep Python from flushing into the pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())

SPREAD = frozenset({"--set", "--tags", "--environment-variables", "--defaults"})


def spread(arguments: Iterable[str]) -> list[str]:
    """The arguments, with the option in front of each of its values."""
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
