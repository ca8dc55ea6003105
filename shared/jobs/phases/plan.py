"""The plan phase: list the input into the manifest, size the tasks, enqueue them."""

from collections.abc import Iterator
from dataclasses import dataclass

from azure.storage.blob import BlobServiceClient

from shared.contracts.job import JobDocument
from shared.contracts.job_spec import WorkSize
from shared.contracts.messages import TaskMessage
from shared.contracts.names import task_queue
from shared.errors import ValidationError
from shared.jobs.submission.inputs import list_page
from shared.storage.account import StorageAccount
from shared.storage.blobs import JOBS_CONTAINER, ensure_container, spec_name
from shared.storage.ledger import MAX_TASKS
from shared.storage.manifest import SHARD_FILES, ManifestReader, write_shard
from shared.storage.queues import ensure_queue, send_all

PAGES_PER_CALL = 20
"""Pages that one activity lists: about 100,000 files, in some 15 s."""

TASKS_PER_CALL = 1_000
"""Tasks that one activity enqueues."""

TASKS_PER_PROCESS = 64
"""Enough to keep all processes busy to the end, at 50 to 100 tasks a process."""

COMFORTABLE_TASKS = 2_000
"""Queue and block list stay fast up to about this number. Both slow down as they grow."""

MAX_MINI_BATCHES_PER_TASK = 1_000
"""A lost node loses the progress of its task, and a task's rows are one block. This limit keeps tasks small."""


@dataclass(frozen=True)
class Listing:
    """The progress of the listing."""

    files: int = 0
    marker: str | None = None
    done: bool = False


def list_inputs(account: StorageAccount, job: JobDocument, listing: Listing) -> Listing:
    """List the next pages into the manifest. Call it again with the answer until that is `done`.

    A repeated call writes the same shards again.
    """
    shards = _ShardWriter(account.blobs, job.job_id, listing.files)
    marker = listing.marker
    for _ in range(PAGES_PER_CALL):
        page = list_page(account, job.input, marker)
        shards.add(page.paths)
        marker = page.marker
        if marker is None:
            break
    shards.flush()
    return Listing(shards.files, marker, done=marker is None)


def size_work(job: JobDocument, files: int) -> WorkSize:
    """Return how the files are divided. Raise ValidationError if there are none."""
    if not files:
        raise ValidationError("the input has no files any more", target="input")
    settings = job.settings
    processes = settings.instance_count * settings.max_concurrency_per_instance
    mini_batches = -(-files // settings.mini_batch_size)
    return WorkSize(
        files=files,
        mini_batch_size=settings.mini_batch_size,
        mini_batches_per_task=task_width(mini_batches, processes),
    )


def task_width(mini_batches: int, processes: int) -> int:
    """Return the mini-batches of a task: enough tasks for all processes, but not too many for the queue."""
    tasks = min(mini_batches, max(processes * TASKS_PER_PROCESS, 1), MAX_TASKS)
    tasks = min(tasks, max(COMFORTABLE_TASKS, processes * 2))
    width = min(-(-mini_batches // tasks), MAX_MINI_BATCHES_PER_TASK)
    return max(width, -(-mini_batches // MAX_TASKS))


def publish(account: StorageAccount, job: JobDocument) -> None:
    """Publish the planned job for the nodes: create its task queue and write its spec."""
    container = ensure_container(account.blobs, JOBS_CONTAINER)
    ensure_queue(account.queues, task_queue(job.job_id))
    container.upload_blob(spec_name(job.job_id), job.spec().model_dump_json(), overwrite=True)


def enqueue_tasks(account: StorageAccount, job: JobDocument, first: int) -> None:
    """Enqueue up to TASKS_PER_CALL tasks from number `first` on.

    Doing it twice makes tasks that are scored twice and counted once (docs/decisions/0001).
    """
    queue = ensure_queue(account.queues, task_queue(job.job_id))
    send_all(queue, task_messages(job, first))


def task_messages(job: JobDocument, first: int) -> Iterator[TaskMessage]:
    """Yield the messages of up to TASKS_PER_CALL tasks, from number `first` on."""
    assert job.work is not None, "the job is not planned yet"
    for task in range(first, min(first + TASKS_PER_CALL, job.work.tasks)):
        start, mini_batches = job.work.task_range(task)
        yield TaskMessage(task=task, first_mini_batch=start, mini_batches=mini_batches)


class _ShardWriter:
    """Cuts pages of any size into shards of SHARD_FILES. It continues where an earlier call ended."""

    def __init__(self, blobs: BlobServiceClient, job_id: str, files: int) -> None:
        self._container = ensure_container(blobs, JOBS_CONTAINER)
        self._job_id = job_id
        self.files = files
        self._pending: list[str] = []
        if rest := files % SHARD_FILES:
            reader = ManifestReader(lambda name: self._container.download_blob(name).readall(), job_id)
            self._pending = reader.paths(files - rest, files)

    def add(self, paths: list[str]) -> None:
        self._pending += paths
        self.files += len(paths)
        while len(self._pending) >= SHARD_FILES:
            shard = (self.files - len(self._pending)) // SHARD_FILES
            write_shard(self._container, self._job_id, shard, self._pending[:SHARD_FILES])
            del self._pending[:SHARD_FILES]

    def flush(self) -> None:
        if self._pending:
            write_shard(self._container, self._job_id, self.files // SHARD_FILES, self._pending)
