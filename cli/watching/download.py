"""Downloads the output, the list of failed items and the logs of a job that has ended."""

from pathlib import Path

from cli.api.workspace import Workspace
from cli.output.errors import ConflictError, NotFoundError, ServiceError
from cli.uploads.container import safe_path, whole_file
from cli.uploads.datastore import DatastorePath, datastore_at, download_files, download_from_datastore
from cli.watching.job_state import JobState


def check_ended(job: JobState) -> None:
    """Raise ConflictError if the job still runs."""
    if not job.is_terminal:
        raise ConflictError(
            f"job {job.name} is {job.status}; there is nothing to download before it has ended",
            hint=f"Wait for it with `bml job stream --name {job.name}`",
        )


def download_output(workspace: Workspace, job: JobState, target: Path) -> list[Path]:
    """Download the job's output folder: predictions, `errors.jsonl`, and files that the script wrote.

    If the output is one file, download only the file and its list of failed items.
    """
    if not job.output_uri:
        raise ServiceError(f"the service does not say where the output of job {job.name} is")
    source = DatastorePath.parse(job.output_uri) or datastore_at(workspace, job.output_uri)
    if source is None:
        raise NotFoundError(f"the output {job.output_uri} is not in a registered datastore")
    if not job.errors_file_name:
        return download_from_datastore(workspace, source, target)
    folder, _, file = source.path.rpartition("/")
    return download_files(workspace, DatastorePath(source.datastore, folder), (file, job.errors_file_name), target)


def download_logs(workspace: Workspace, job: JobState, target: Path) -> list[Path]:
    """Download all logs below `target`, under the names that the service gives them."""
    written = []
    for name, url in sorted((workspace.run_details(job.name).get("logFiles") or {}).items()):
        path = safe_path(target, name)
        with whole_file(path) as log:
            log.write(workspace.transport.send("GET", url, audience=None).body)
        written.append(path)
    return written
