"""Jobs to decide about."""

from datetime import UTC, datetime
from typing import Any

from shared.contracts.job import JobDocument, JobStatus
from shared.contracts.job_spec import Location, ModelSpec, OutputSpec, WorkSize
from shared.contracts.settings import ScoringSettings

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def folder(path: str) -> Location:
    return Location(kind="blob_folder", account_url="https://a.blob.core.windows.net", container="c", path=path)


def a_job(*, files: int = 10, status: JobStatus = JobStatus.RUNNING, **settings: Any) -> JobDocument:
    return JobDocument(
        name="nightly",
        job_id="0123abcd-0000-0000-0000-000000000000",
        endpoint="heart",
        deployment="v1",
        compute="cpu-cluster",
        created=NOON,
        model=ModelSpec(name="m", version="1", is_mlflow=True, location=folder("m")),
        settings=ScoringSettings(mini_batch_size=1, **settings),
        input=folder("in"),
        output=OutputSpec(folder=folder("out"), file_name="predictions.csv"),
        status=status,
        work=WorkSize(files=files, mini_batch_size=1, mini_batches_per_task=1),
    )
