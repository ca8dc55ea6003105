"""A script's own files on their way to the output folder, where others may have files."""

from pathlib import Path

import pytest

from scorer_container.node.reporting.failure import FatalProblemError
from scorer_container.node.storage.account import Account
from scorer_container.node.tasks.output_files import OutputFiles
from shared.contracts.job_spec import Location, OutputSpec
from shared.storage.account import StorageAccount

pytestmark = pytest.mark.integration
JOB, OTHER = "0123abcd-0000-0000-0000-000000000001", "0123abcd-0000-0000-0000-000000000002"


@pytest.fixture
def container(connection_string, unique_name):
    return StorageAccount(connection_string=connection_string).blobs.create_container(unique_name())


@pytest.fixture
async def process(connection_string, container, tmp_path):
    """The output folder of a scoring process, and what uploads it."""
    account = StorageAccount(connection_string=connection_string)
    folder = Location(
        kind="blob_folder", account_url=account.blob_url, container=container.container_name, path="shared"
    )
    calls = Account(account)

    def of(job: str, number: int = 0, follows: tuple[str, ...] = ()) -> tuple[Path, OutputFiles]:
        own = tmp_path / f"{job}-{number}"
        own.mkdir()
        output = OutputSpec(folder=folder, file_name="predictions.csv", follows=follows)
        return own, OutputFiles(own, calls.blobs, output, job, print)

    yield of
    await calls.close()


async def test_a_file_that_the_job_did_not_make_is_kept_and_the_job_fails_by_name(container, process):
    container.upload_blob("shared/report.txt", b"precious")
    own, files = process(JOB)
    (own / "report.txt").write_text("of the script")
    with pytest.raises(FatalProblemError) as caught:
        await files.upload()
    assert "shared/report.txt" in caught.value.failure.message
    assert caught.value.failure.step == "output"
    assert container.download_blob("shared/report.txt").readall() == b"precious"


async def test_the_file_of_another_job_is_kept_as_well(container, process):
    for job in (OTHER, JOB):
        own, files = process(job)
        (own / "report.txt").write_text(job)
        if job == JOB:
            with pytest.raises(FatalProblemError):
                await files.upload()
        else:
            await files.upload()
    assert container.download_blob("shared/report.txt").readall() == OTHER.encode()


async def test_a_job_writes_over_its_own_files(container, process):
    first, files = process(JOB)
    (first / "report.txt").write_text("1")
    await files.upload()
    (first / "report.txt").write_text("longer")
    await files.upload()
    second, others = process(JOB, 1)
    (second / "report.txt").write_text("of the second process")
    await others.upload()
    assert container.download_blob("shared/report.txt").readall() == b"of the second process"


async def test_the_next_try_at_a_place_writes_over_what_the_failed_job_left(container, process):
    for job, follows in ((OTHER, ()), (JOB, (OTHER,))):
        own, files = process(job, follows=follows)
        (own / "report.txt").write_text(job)
        await files.upload()
    assert container.download_blob("shared/report.txt").readall() == JOB.encode()
