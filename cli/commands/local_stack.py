"""The verbs of the local service."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.commands.verb import data_dir_option, name_option, shown
from cli.connection.connection import data_dir as resolved_data_dir
from cli.output.errors import CliError, ConflictError, NotFoundError

if TYPE_CHECKING:
    from local.stack.inspection import StackStatus


_PORT = click.IntRange(1, 65535)


@click.command()
@data_dir_option()
@click.option("--port", type=_PORT, help="Port of the service; the first start chooses a free one.")
@click.option("--azurite-blob-port", type=_PORT, help="Port of Azurite's blob service.")
@click.option("--azurite-queue-port", type=_PORT, help="Port of Azurite's queue service.")
@click.option("--azurite-table-port", type=_PORT, help="Port of Azurite's table service.")
@click.option(
    "--https/--no-https",
    default=None,
    help="Use TLS with an own certificate authority, as Azure's clients require; set at the first start.",
)
@click.option("--detach", is_flag=True, help="Return when everything runs; the service continues in the background.")
def up(data_dir: Path | None, **options: Any) -> None:
    """Start storage, Functions host, scale set and token issuer, or those of them that do not run.

    Ctrl-C, or `bml local down` in another shell, ends exactly the processes that the command started.
    """
    with _explained():
        from local import stack
        from local.stack.options import StackOptions

        stack.up(StackOptions(data_dir=resolved_data_dir(data_dir).absolute(), **options), on_ready=_greet)


@click.command()
@data_dir_option()
def down(data_dir: Path | None) -> None:
    """End every process of the service. Its data stays."""
    with _explained():
        from local import stack

        before = stack.down(resolved_data_dir(data_dir))
    ended = [f"{process.name} ({process.pid})" for process in before.processes if process.pid]
    click.echo(f"Ended {', '.join(ended)}." if ended else "Nothing was running.")


@click.command()
@data_dir_option()
@shown("state", "management_url", "scoring_url", "blob_url", "data_dir")
def status(data_dir: Path | None) -> dict[str, Any]:
    """Show every address, name and process of the service."""
    with _explained():
        from local import stack

        return stack.status(resolved_data_dir(data_dir)).as_json()


@click.command()
@data_dir_option()
def env(data_dir: Path | None) -> None:
    """Print `export` lines that direct Azure's own clients to the service: `eval "$(bml local env)"`.

    Without --https there are only the lines for storage, because azure-ai-ml requires TLS.
    """
    with _explained():
        from local.stack.environment import client_environment

        variables = client_environment(resolved_data_dir(data_dir))
    for name, value in variables.items():
        click.echo(f"export {name}={shlex.quote(value)}")


@click.command()
@name_option("Name of the job.")
@data_dir_option()
@shown("step", "begin", "seconds", "node", "problem")
def trace(name: str, data_dir: Path | None) -> list[dict[str, Any]]:
    """Show the steps of a job's trace: when each started, in seconds after the invocation, and how long it took."""
    from local.stack.traces import job_trace

    found = job_trace(resolved_data_dir(data_dir), name)
    if not found:
        raise NotFoundError(
            f"no trace of job {name!r} is kept in {resolved_data_dir(data_dir)}",
            hint="A step is written when it ends; telemetry that is sent to a service is not kept here",
        )
    return found


def _greet(status: "StackStatus") -> None:
    click.echo(f"The service is up at {status.management_url}, its data in {status.data_dir}.")
    click.echo("Next: `bml compute create --name cpu-cluster --max-instances 2`; end it with `bml local down`.")


@contextmanager
def _explained() -> Iterator[None]:
    """Turn errors of the local stack into CliErrors."""
    from local.errors import LocalStackError, NoStackError, PortInUseError

    try:
        yield
    except NoStackError as error:
        raise NotFoundError(str(error)) from None
    except PortInUseError as error:
        raise ConflictError(str(error)) from None
    except LocalStackError as error:
        raise CliError(str(error)) from None
