"""The log files of a job, as links that anyone may read for a while."""

from datetime import timedelta

from azure.core.exceptions import ResourceNotFoundError

from shared.contracts.job import JobDocument
from shared.storage.account import StorageAccount
from shared.storage.containers import JOBS_CONTAINER, log_name
from shared.storage.signing import blob_link

LINK_LIFE = timedelta(hours=1)


def log_files(account: StorageAccount, job: JobDocument) -> dict[str, str]:
    """Links to all log files by the names that users see, such as `user/stdout/<node>/process000.stdout.txt`."""
    root = log_name(job.job_id, "")
    names = account.blobs.get_container_client(JOBS_CONTAINER).list_blob_names(name_starts_with=root)
    try:
        return {
            f"logs/{name.removeprefix(root)}": blob_link(account, JOBS_CONTAINER, name, LINK_LIFE) for name in names
        }
    except ResourceNotFoundError:
        return {}
