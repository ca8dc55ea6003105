"""The log files of a job, as links that anyone may read for a while."""

from datetime import timedelta

from shared.contracts.job import JobDocument
from shared.isolation import isolated
from shared.jobs.execution_log import EXECUTION_LOG, write_execution_log
from shared.storage.account import StorageAccount
from shared.storage.containers import JOBS_CONTAINER, ensure_container, log_name
from shared.storage.signing import blob_link

LINK_LIFE = timedelta(hours=1)


def log_files(account: StorageAccount, job: JobDocument) -> dict[str, str]:
    """Links to all log files by the names that users see, such as `logs/user/stdout/<node>/process000.stdout.txt`."""
    container = ensure_container(account.blobs, JOBS_CONTAINER)
    root, execution = log_name(job.job_id, ""), log_name(job.job_id, EXECUTION_LOG)
    sizes = {blob.name: blob.size for blob in container.list_blobs(name_starts_with=root)}
    with isolated(f"the execution log of job {job.name}"):
        write_execution_log(container, execution, sizes.get(execution, 0), job)
    names = sorted({*sizes, execution})
    return {f"logs/{name.removeprefix(root)}": blob_link(account, JOBS_CONTAINER, name, LINK_LIFE) for name in names}
