"""The verbs of jobs."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.api.views import job_view
from cli.api.workspace import Resource, Workspace
from cli.commands.verb import changes_options, in_workspace, list_options, name_option, shown
from cli.output.errors import UsageError

if TYPE_CHECKING:
    from cli.deploy.property_changes import PropertyChanges


COLUMNS = ("name", "status", "experiment_name", "start_time", "display_name")


@click.command()
@name_option("The job.")
@shown(*COLUMNS)
@in_workspace
def show(workspace: Workspace, name: str) -> dict[str, Any]:
    """Show a job: status, statistics, error, settings and the place of its output."""
    return job_view(workspace.get(f"jobs/{name}"))


@click.command("list")
@list_options
@click.option("--all-results", is_flag=True, help="List all jobs.")
@shown(*COLUMNS)
@in_workspace
def list_jobs(workspace: Workspace, *, max_results: int, view: str, all_results: bool) -> list[dict[str, Any]]:
    """List jobs, newest first."""
    from itertools import islice

    return [
        job_view(job) for job in islice(workspace.list("jobs", listViewType=view), None if all_results else max_results)
    ]


@click.command()
@name_option("The job.")
@click.option("--no-logs", is_flag=True, help="Show only progress and summary.")
@shown()
@in_workspace
def stream(workspace: Workspace, name: str, no_logs: bool) -> None:
    """Follow a job until it ends: log lines of every process, progress, summary.

    The exit code is 7 if the job fails or is canceled. Ctrl-C ends only the command; the job continues.
    """
    import sys

    from cli.output.errors import StoppedError
    from cli.watching.stream import JobStream

    try:
        JobStream(workspace, name, sys.stdout, with_logs=not no_logs).follow()
    except KeyboardInterrupt:
        again = f"Follow it again with `bml job stream --name {name}`, stop it with `bml job cancel --name {name}`"
        raise StoppedError("interrupted; the job goes on", hint=again) from None


@click.command()
@name_option("The job.")
@click.option("--no-wait", is_flag=True, help="Do not wait until it has stopped.")
@shown(*COLUMNS)
@in_workspace
def cancel(workspace: Workspace, name: str, no_wait: bool) -> dict[str, Any]:
    """Stop a job. Its results so far are not kept."""
    from cli.watching.job_state import ended_job

    job = workspace.post(f"jobs/{name}/cancel")
    return job_view(job if no_wait else ended_job(workspace, name).resource)


@click.command()
@name_option("The job.")
@click.option(
    "-p",
    "--download-path",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the files; by default one named after the job.",
)
@click.option("--output-name", type=click.Choice(["score"]), help="Download only this output, without logs.")
@click.option("--all", "-u", "--outputs", "everything", is_flag=True, help="Download output and logs; the default.")
@shown("path")
@in_workspace
def download(
    workspace: Workspace, name: str, download_path: Path | None, output_name: str | None, everything: bool
) -> list[dict[str, Any]]:
    """Download the output of a job that has ended, the list of failed items (errors.jsonl) and the logs."""
    from cli.watching.download import check_ended, download_logs, download_output
    from cli.watching.job_state import JobState

    job = JobState(workspace.get(f"jobs/{name}"))
    check_ended(job)
    target = download_path or Path(name)
    files = download_output(workspace, job, target)
    if everything or not output_name:
        files += download_logs(workspace, job, target)
    return [{"path": str(path), "bytes": path.stat().st_size} for path in files]


CHANGED_COLUMNS = ("name", "status", "experiment_name", "display_name")
_CHANGEABLE = ("display_name", "description", "tags", "properties")


@click.command()
@name_option("The job.")
@changes_options
@shown(*CHANGED_COLUMNS)
@in_workspace
def update(workspace: Workspace, name: str, changes: "PropertyChanges") -> dict[str, Any]:
    """Change display_name, description, tags.<key> and properties.<key> of a job, even after it has ended."""
    from cli.yaml_files.description_forms import JobDescription

    if not changes:
        raise UsageError("there is nothing to update", hint="Give --set, --add or --remove")
    changes.check(_CHANGEABLE, "a job")
    view = job_view(workspace.get(f"jobs/{name}"))
    form = changes.applied(JobDescription, {key: view[key] for key in _CHANGEABLE})
    properties = {
        "displayName": form.display_name or name,
        "description": form.description or "",
        "tags": dict(form.tags),
        "properties": dict(form.properties),
    }
    return job_view(_put(workspace, name, properties))


@click.command()
@name_option("The job.")
@shown(*CHANGED_COLUMNS)
@in_workspace
def archive(workspace: Workspace, name: str) -> dict[str, Any]:
    """Hide a job from lists."""
    return job_view(_put(workspace, name, {"isArchived": True}))


@click.command()
@name_option("The job.")
@shown(*CHANGED_COLUMNS)
@in_workspace
def restore(workspace: Workspace, name: str) -> dict[str, Any]:
    """Show an archived job in lists again."""
    return job_view(_put(workspace, name, {"isArchived": False}))


def _put(workspace: Workspace, name: str, properties: dict[str, Any]) -> Resource:
    return workspace.put(f"jobs/{name}", {"properties": properties}, wait=False)
