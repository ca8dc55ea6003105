"""Plays the application's part of a job, so that real node processes can be tested without the application."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.contracts.job_spec import CodeSpec, EnvironmentSpec, JobSpec, Location, ModelSpec, OutputSpec, WorkSize
from shared.contracts.messages import NodeTicket, TaskMessage
from shared.contracts.names import task_queue, ticket_queue
from shared.contracts.progress import NodeRow, ProgressRow
from shared.contracts.settings import ScoringSettings
from shared.jobs.phases.merge import commit_output
from shared.storage.account import StorageAccount
from shared.storage.blobs import DEFAULT_DATASTORE_CONTAINER, JOBS_CONTAINER, ensure_container, spec_name
from shared.storage.ledger import Ledger, commit
from shared.storage.manifest import SHARD_FILES, write_shard
from shared.storage.output_ledger import read_ledger
from shared.storage.queues import delete_queue, ensure_queue, send, send_all
from shared.storage.rows import RowTable

ROOT = Path(__file__).parents[3]


def wait_until(condition: Callable[[], Any], what: str, seconds: float = 150) -> Any:
    """The first true value of `condition`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.05)
    return value


class Job:
    """One job, from the side of the application."""

    def __init__(self, account: StorageAccount, spec: JobSpec) -> None:
        self.account = account
        self.spec = spec
        self.id = spec.job_id

    @property
    def output_blob(self):
        return self.account.blobs.get_blob_client(self.spec.output.folder.container, self.spec.output.file_path)

    @property
    def errors_blob(self):
        return self.account.blobs.get_blob_client(self.spec.output.folder.container, self.spec.output.errors_path)

    def ledger(self) -> Ledger:
        return read_ledger(self.account, self.spec.output, self.id)

    def fatal(self):
        rows = self.account_rows()
        return next((row.fatal for row in rows if row.fatal), None)

    def account_rows(self) -> list[ProgressRow]:
        return [row.document for row in RowTable(self.account.tables, "progress", ProgressRow).partition(self.id)]

    def wait(self, seconds: float = 150) -> Ledger:
        """The ledger once every task is in it."""

        def complete() -> Ledger | None:
            assert self.fatal() is None, self.fatal()
            ledger = self.ledger()
            return None if ledger.missing(self.spec.work.tasks) else ledger

        return wait_until(complete, "the ledger is complete", seconds)

    def wait_for_failure(self, seconds: float = 150):
        return wait_until(self.fatal, "the node reports a failure", seconds)

    def finish(self) -> bytes:
        """Merge as the application does; returns the output file."""
        commit_output(self.account, self.spec.output, self.id, self.ledger())
        self.end()
        return self.output_blob.download_blob().readall()

    def end(self) -> None:
        delete_queue(self.account.queues, task_queue(self.id))

    def lines(self, seconds: float = 150) -> list[str]:
        self.wait(seconds)
        return self.finish().decode().splitlines()

    def errors(self) -> list[dict[str, Any]]:
        """The lines of the errors file, in the order of the tasks."""
        ids = self.ledger().error_blocks
        if not ids:
            return []
        commit(self.errors_blob, ids, job_id=self.id, content_type="application/jsonl")
        return [json.loads(line) for line in self.errors_blob.download_blob().readall().splitlines()]

    def log(self, path: str) -> str:
        blob = self.account.blobs.get_blob_client(JOBS_CONTAINER, f"{self.id}/logs/{path}")
        return blob.download_blob().readall().decode() if blob.exists() else ""


class App:
    """Makes jobs and nodes."""

    def __init__(self, connection_string: str, folder: Path) -> None:
        self.connection_string = connection_string
        self.account = StorageAccount(connection_string=connection_string)
        self.folder = folder
        self.compute = f"c-{uuid.uuid4().hex[:10]}"
        self.nodes: list[subprocess.Popen[bytes]] = []
        for container in (DEFAULT_DATASTORE_CONTAINER, JOBS_CONTAINER):
            ensure_container(self.account.blobs, container)
        self.data = ensure_container(self.account.blobs, DEFAULT_DATASTORE_CONTAINER)
        for table in ("nodes", "progress"):
            self.account.tables.create_table_if_not_exists(table)

    def location(self, path: str, kind: str = "blob_folder") -> Location:
        return Location(kind=kind, account_url=self.account.blob_url, container=self.data.container_name, path=path)

    def upload(self, files: Mapping[str, bytes | str], name: str = "files") -> Location:
        """Upload `files` (relative path: content) to a folder of their own."""
        folder = f"{uuid.uuid4().hex}/{name}"
        for path, content in files.items():
            self.data.upload_blob(f"{folder}/{path}", content)
        return self.location(folder)

    def upload_folder(self, folder: Path, name: str) -> Location:
        files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        return self.upload(files, name)

    def job(
        self,
        files: Mapping[str, bytes | str],
        *,
        script: str | None = None,
        model: Location | None = None,
        mini_batches_per_task: int = 1,
        variables: Mapping[str, str] | None = None,
        tickets: int = 1,
        input_location: Location | None = None,
        paths: Sequence[str] | None = None,
        environment: EnvironmentSpec | None = None,
        **settings: Any,
    ) -> Job:
        """Start a job on `files`: with `script`, else with the MLflow `model`."""
        settings = {"mini_batch_size": 1, "max_retries": 2, **settings}
        job_id = str(uuid.uuid4())
        scoring = ScoringSettings(**settings)
        names = list(paths if paths is not None else sorted(files))
        spec = JobSpec(
            job_name=f"job-{job_id[:8]}",
            job_id=job_id,
            endpoint="my-endpoint",
            deployment="my-deployment",
            compute=self.compute,
            model=ModelSpec(
                name="m", version="1", is_mlflow=script is None, location=model or self.upload({"w": "1"}, "model")
            ),
            code=CodeSpec(location=self.upload({"score.py": script}, "code"), scoring_script="score.py")
            if script is not None
            else None,
            environment=environment,
            environment_variables=dict(variables or {}),
            settings=scoring,
            input=input_location or self.upload(files, "input"),
            output=OutputSpec(folder=self.location(f"azureml/{job_id}/score"), file_name=scoring.output_file_name),
            work=WorkSize(
                files=len(names),
                mini_batch_size=scoring.mini_batch_size,
                mini_batches_per_task=mini_batches_per_task,
            ),
        )
        return self.submit(spec, names, tickets)

    def submit(self, spec: JobSpec, names: Sequence[str], tickets: int = 1) -> Job:
        jobs = self.account.blobs.get_container_client(JOBS_CONTAINER)
        for shard in range(-(-len(names) // SHARD_FILES)):
            write_shard(jobs, spec.job_id, shard, names[shard * SHARD_FILES : (shard + 1) * SHARD_FILES])
        jobs.upload_blob(spec_name(spec.job_id), spec.model_dump_json())
        queue = ensure_queue(self.account.queues, task_queue(spec.job_id))
        ranges = (spec.work.task_range(task) for task in range(spec.work.tasks))
        send_all(
            queue,
            (TaskMessage(task=task, first_mini_batch=r[0], mini_batches=r[1]) for task, r in enumerate(ranges)),
        )
        for number in range(tickets):
            self.send_ticket(spec.job_id, number)
        return Job(self.account, spec)

    def send_ticket(self, job_id: str, number: int = 0) -> None:
        send(self.account.queues, ticket_queue(self.compute), NodeTicket(job_id=job_id, number=number))

    def start_node(self, **environment: str) -> subprocess.Popen[bytes]:
        """A real node process; its lease outlives any pause of the machine, where a test does not say otherwise."""
        number = len(self.nodes)
        process = subprocess.Popen(
            [sys.executable, "-m", "scorer_container.node"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stderr=(self.folder / f"node{number}.log").open("wb"),
            env={
                **os.environ,
                "AzureWebJobsStorage": self.connection_string,
                "BATCH_COMPUTE": self.compute,
                "BATCH_NODE_ID": f"node-{number}",
                "BATCH_NODE_DIR": str(self.folder / f"node{number}"),
                "BATCH_NODE_CACHE": str(self.folder / "cache"),
                "BATCH_NODE_LEASE_SECONDS": "60",
                **environment,
            },
        )
        self.nodes.append(process)
        return process

    def node_log(self, number: int = 0) -> str:
        return (self.folder / f"node{number}.log").read_text()

    def node_rows(self) -> list[NodeRow]:
        return [row.document for row in RowTable(self.account.tables, "nodes", NodeRow).partition(self.compute)]

    def tickets_left(self) -> int:
        properties = self.account.queues.get_queue_client(ticket_queue(self.compute)).get_queue_properties()
        return int(properties.approximate_message_count or 0)

    def close(self) -> None:
        for node in self.nodes:
            if node.poll() is None:
                node.send_signal(signal.SIGTERM)
        for node in self.nodes:
            try:
                node.wait(20)
            except subprocess.TimeoutExpired:
                node.kill()
                node.wait()
            if node.stdin:
                node.stdin.close()


@contextmanager
def running_app(connection_string: str, folder: Path) -> Iterator[App]:
    app = App(connection_string, folder)
    yield app
    app.close()
    for number in range(len(app.nodes)):
        print(f"--- node {number}\n{app.node_log(number)}")
