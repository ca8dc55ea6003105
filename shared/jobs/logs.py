"""The log files of a job. Their links work for an hour without a sign-in."""

from datetime import datetime, timedelta

from azure.storage.blob import ContainerClient

from shared.contracts.job import JobDocument, JobStatus
from shared.errors import isolated
from shared.storage.account import StorageAccount
from shared.storage.blobs import JOBS_CONTAINER, ensure_container, log_name
from shared.storage.sas import blob_link

LINK_LIFE = timedelta(hours=1)


EXECUTION_LOG = "azureml/executionlogs.txt"
"""The name below `logs/` under which the client looks for this log."""

_SENTENCES = {
    JobStatus.QUEUED: "The input is listed and divided; waiting for a node of compute {compute}",
    JobStatus.PREPARING: "A node makes the model and the environment ready",
    JobStatus.RUNNING: "Scoring has begun",
    JobStatus.FINALIZING: "All mini-batches are done; the output is being put together",
    JobStatus.CANCEL_REQUESTED: "The job is to be canceled",
    JobStatus.COMPLETED: "The job has completed",
    JobStatus.FAILED: "The job has failed",
    JobStatus.CANCELED: "The job has been canceled",
}


def log_files(account: StorageAccount, job: JobDocument) -> dict[str, str]:
    """Return links to all log files by their names, such as `logs/user/stdout/<node>/process000.stdout.txt`."""
    container = ensure_container(account.blobs, JOBS_CONTAINER)
    root, execution = log_name(job.job_id, ""), log_name(job.job_id, EXECUTION_LOG)
    sizes = {blob.name: blob.size for blob in container.list_blobs(name_starts_with=root)}
    with isolated(f"the execution log of job {job.name}"):
        write_execution_log(container, execution, sizes.get(execution, 0), job)
    names = sorted({*sizes, execution})
    return {f"logs/{name.removeprefix(root)}": blob_link(account, JOBS_CONTAINER, name, LINK_LIFE) for name in names}


def write_execution_log(container: ContainerClient, name: str, size: int, job: JobDocument) -> None:
    """Update the blob `name` to the job's state. It has `size` bytes now; 0 means that it does not exist."""
    content = "".join(f"{line}\n" for line in execution_log(job)).encode()
    if len(content) != size:
        container.upload_blob(name, content, overwrite=True)


def execution_log(job: JobDocument) -> list[str]:
    """Return one line for each state that the job has entered, and a summary once it has ended."""
    lines = [_line(job.created, f"Job {job.name} of endpoint {job.endpoint}, deployment {job.deployment}")]
    entered = sorted(job.entered.items(), key=lambda entry: entry[1])
    lines += [_line(moment, _SENTENCES[status].format(compute=job.compute)) for status, moment in entered]
    return lines + [_line(job.ended, text) for text in _summary(job)] if job.ended else lines


def _summary(job: JobDocument) -> list[str]:
    numbers = job.statistics
    done = f"{numbers.files} files in {numbers.mini_batches} mini-batches: {numbers.succeeded} succeeded, "
    lines = [f"{done}{numbers.failed} failed, {numbers.rows} rows"] if numbers.files else []
    if job.failure:
        lines.append(f"Error in step {job.failure.step}: {' '.join(job.failure.message.split())}")
    if job.status is JobStatus.COMPLETED:
        lines.append(f"Output: {job.output.file_path} in container {job.output.folder.container}")
    return lines


def _line(moment: datetime, text: str) -> str:
    return f"[{moment:%Y-%m-%d %H:%M:%S}Z] {text}"
