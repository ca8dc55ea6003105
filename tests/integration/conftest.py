"""A real workspace on the session's Azurite, and a job in it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from shared.contracts.job import JobDocument
from shared.contracts.job_spec import Location, ModelSpec, OutputSpec
from shared.contracts.names import job_id
from shared.contracts.settings import ScoringSettings
from shared.storage.account import StorageAccount
from shared.storage.blobs import JOBS_CONTAINER, ensure_container


@pytest.fixture
def account(connection_string: str) -> StorageAccount:
    account = StorageAccount(connection_string=connection_string)
    ensure_container(account.blobs, JOBS_CONTAINER)
    return account


@pytest.fixture
def container(account: StorageAccount, unique_name: Callable[[str], str]) -> str:
    name = unique_name("data")
    ensure_container(account.blobs, name)
    return name


@pytest.fixture
def make_job(account: StorageAccount, container: str, unique_name: Callable[[str], str]) -> Callable[..., JobDocument]:
    def make(**changes: object) -> JobDocument:
        def folder(path: str) -> Location:
            return Location(kind="blob_folder", account_url=account.blob_url, container=container, path=path)

        name = unique_name("job")
        job = JobDocument(
            name=name,
            job_id=job_id(name),
            endpoint="heart",
            deployment="v1",
            compute=unique_name("cpu"),
            created=datetime.now(UTC),
            model=ModelSpec(name="m", version="1", is_mlflow=False, location=folder("model")),
            settings=ScoringSettings(mini_batch_size=2),
            input=folder("in"),
            output=OutputSpec(folder=folder(f"out/{name}"), file_name="predictions.csv"),
        )
        return job.model_copy(update=changes)

    return make
