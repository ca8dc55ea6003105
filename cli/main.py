"""The entry point of `bml`: runs a command and turns every error into one line and an exit code."""

import logging
import os
import sys

import click

from cli.errors import CliError, StoppedError, sentence
from cli.lazy_group import LazyCommand, LazyGroup
from cli.repeated_options import spread
from cli.verbosity import Verbosity

log = logging.getLogger(__name__)

bml = LazyGroup(
    "bml",
    {
        "endpoint": LazyCommand("cli.commands.endpoint:group", "Batch endpoints and their deployments; invoke them."),
        "batch-endpoint": LazyCommand("cli.commands.batch_endpoint:group", "The same with today's verbs."),
        "batch-deployment": LazyCommand("cli.commands.batch_deployment:group", "Deployments, with today's verbs."),
        "job": LazyCommand("cli.commands.job:group", "Watch batch scoring jobs and get their results."),
        "compute": LazyCommand("cli.commands.compute:group", "Clusters that jobs run on."),
        "model": LazyCommand("cli.commands.assets:model", "Registered models."),
        "data": LazyCommand("cli.commands.assets:data", "Registered data."),
        "environment": LazyCommand("cli.commands.assets:environment", "Registered environments of scripts."),
        "datastore": LazyCommand("cli.commands.assets:datastore", "Registered blob containers."),
        "schedule": LazyCommand("cli.commands.schedule:group", "Invoke endpoints by the clock."),
        "trigger": LazyCommand("cli.commands.trigger:group", "Invoke endpoints when blobs arrive."),
        "webhook": LazyCommand("cli.commands.webhook:group", "Who is told of the end of jobs."),
        "workspace": LazyCommand("cli.commands.workspace:group", "The workspace; purge what is left of old jobs."),
        "account": LazyCommand("cli.commands.account:group", "Who you are; access tokens for REST calls."),
        "local": LazyCommand("cli.commands.local:group", "A whole service on this machine: up, down, status."),
        "configure": LazyCommand("cli.commands.configure:configure", "Keep defaults for options."),
        "completion": LazyCommand("cli.commands.completion:completion", "Make a shell complete commands."),
        "version": LazyCommand("cli.commands.version:version", "The version of bml."),
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
