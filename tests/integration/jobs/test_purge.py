"""What is left of jobs that ended long ago goes away, and nothing else."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.bodies import ResourceBody
from shared.contracts.job import JobStatus
from shared.contracts.job_spec import CodeSpec, Location
from shared.contracts.messages import PurgeRequest
from shared.control_plane.assets import codes as code_uploads
from shared.control_plane.assets.codes import put_code, remove_uploads, start_upload, unnamed_uploads
from shared.control_plane.assets.versions import delete_version
from shared.control_plane.resource_table import Change
from shared.control_plane.workspace import Workspace
from shared.errors import NotFoundError
from shared.jobs.store import JobService, JobStore
from shared.jobs.submission.output_place import Reservations
from shared.jobs.upkeep.purge import PurgeOrder, purge_job, request_purge
from shared.storage.blobs import JOBS_CONTAINER, log_name, mark_of, spec_name
from tests.broken_rows import write_broken
from tests.integration.hooked_account import HookedAccount, once_at
from tests.integration.workspace_settings import SETTINGS

pytestmark = pytest.mark.integration
LONG_AGO = datetime.now(UTC) - timedelta(days=400)
LIMIT = LONG_AGO + timedelta(days=1)


class Engine:
    def __init__(self):
        self.forgotten = []

    async def forget(self, job):
        self.forgotten.append(job)


@pytest.fixture
def jobs(account):
    return JobStore(account.tables)


@pytest.fixture
def workspace(account):
    return Workspace(SETTINGS, account, table=f"resources{uuid.uuid4().hex[:12]}")


@pytest.fixture
def old_job(account, jobs, make_job):
    """A job of long ago with internals, a log and an output."""

    def add(status=JobStatus.COMPLETED, **changes):
        ends = {"entered": {status: LONG_AGO}} if status.is_terminal else {}
        job = jobs.add(make_job(created=LONG_AGO, status=status, **ends, **changes))
        internals = account.blobs.get_container_client(JOBS_CONTAINER)
        internals.upload_blob(spec_name(job.job_id), b"{}")
        internals.upload_blob(log_name(job.job_id, "user/a.txt"), b"line\n")
        output = account.blobs.get_container_client(job.output.folder.container)
        Reservations(account, jobs).reserve(job.output, job.name, LONG_AGO)
        for path in (job.output.file_path, job.output.errors_path, job.output.folder.child("of-others.csv")):
            owner = job.job_id if "of-others" not in path else str(uuid.uuid4())
            output.upload_blob(path, b"1\n", overwrite=True, metadata=mark_of(owner))
        return job

    return add


def blobs(account, container, prefix):
    return [
        name.removeprefix(prefix)
        for name in account.blobs.get_container_client(container).list_blob_names(name_starts_with=prefix)
    ]


async def test_a_purged_job_leaves_only_its_output(account, jobs, old_job):
    job, engine = old_job(), Engine()
    for _ in range(2):  # a message may come twice
        await purge_job(account, jobs, engine, PurgeRequest(job=job.name))
    assert engine.forgotten == [job.name]
    assert jobs.find(job.name) is None
    with pytest.raises(NotFoundError):
        jobs.of_run(job.job_id)
    assert job.name not in {found.name for found in jobs.ended_before(LIMIT, 1000)}
    assert blobs(account, JOBS_CONTAINER, f"{job.job_id}/") == []
    assert len(blobs(account, job.output.folder.container, f"{job.output.folder.path}/")) == 3
    assert all(row.document.job != job.name for row in Reservations(account, jobs).all())


async def test_outputs_go_when_asked_for_but_never_files_of_others(account, jobs, old_job):
    job = old_job()
    await purge_job(account, jobs, Engine(), PurgeRequest(job=job.name, include_outputs=True))
    folder = job.output.folder
    assert blobs(account, folder.container, f"{folder.path}/") == ["of-others.csv"]


async def test_a_job_goes_though_the_datastore_of_its_output_has_been_deleted(account, jobs, old_job):
    job = old_job()
    lost = job.output.folder.model_copy(update={"credential": "datastore:deleted"})
    jobs.change(job.name, lambda old: old.model_copy(update={"output": old.output.model_copy(update={"folder": lost})}))
    await purge_job(account, jobs, Engine(), PurgeRequest(job=job.name, include_outputs=True))
    assert jobs.find(job.name) is None


async def test_in_the_jobs_own_output_folder_all_goes_that_the_job_made(account, jobs, make_job, old_job):
    plain = make_job()
    folder = plain.output.folder.model_copy(update={"path": f"azureml/{plain.job_id}/score"})
    job = old_job(name=plain.name, job_id=plain.job_id, output=plain.output.model_copy(update={"folder": folder}))
    output = account.blobs.get_container_client(folder.container)
    output.upload_blob(folder.child("files/of-the-script.txt"), b"1\n", metadata=mark_of(job.job_id))
    await purge_job(account, jobs, Engine(), PurgeRequest(job=job.name, include_outputs=True))
    assert blobs(account, folder.container, f"{folder.path}/") == ["of-others.csv"]


async def test_a_users_file_in_the_place_of_an_output_stays(account, jobs, old_job):
    job = old_job()
    output = account.blobs.get_container_client(job.output.folder.container)
    for path in (job.output.file_path, job.output.errors_path):
        output.upload_blob(path, b"precious", overwrite=True)
    await purge_job(account, jobs, Engine(), PurgeRequest(job=job.name, include_outputs=True))
    assert output.download_blob(job.output.file_path).readall() == b"precious"
    assert output.download_blob(job.output.errors_path).readall() == b"precious"


async def test_a_job_that_has_not_ended_stays(account, jobs, old_job):
    job, engine = old_job(JobStatus.RUNNING), Engine()
    await purge_job(account, jobs, engine, PurgeRequest(job=job.name))
    assert (jobs.get(job.name).status, engine.forgotten) == (JobStatus.RUNNING, [])


def test_only_jobs_that_ended_in_time_are_chosen(workspace, jobs, old_job, make_job):
    old, running = old_job(), old_job(JobStatus.RUNNING)
    late = jobs.add(make_job(created=LONG_AGO, status=JobStatus.FAILED, entered={JobStatus.FAILED: datetime.now(UTC)}))
    young = jobs.add(make_job(status=JobStatus.FAILED, entered={JobStatus.FAILED: datetime.now(UTC)}))
    plan = request_purge(JobService(workspace, jobs), PurgeOrder(ended_before=LIMIT, dry_run=True))
    assert old.name in plan.jobs
    assert not {running.name, late.name, young.name} & set(plan.jobs)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_any_moment_may_be_named(workspace, jobs, moment):
    order = PurgeOrder.model_validate({"endedBefore": moment, "dryRun": True})
    assert isinstance(request_purge(JobService(workspace, jobs), order).jobs, list)


@pytest.mark.parametrize("moment", [5, 1.5, "1700000000", True])
def test_a_number_is_no_moment(moment):
    with pytest.raises(ValueError, match="ISO 8601"):
        PurgeOrder.model_validate({"endedBefore": moment})


def test_broken_rows_keep_jobs_from_no_purge_but_uploads_of_code_that_they_may_name(
    account, workspace, jobs, old_job, monkeypatch
):
    old, broken = old_job(), old_job()
    upload = f"{code_uploads.CODE_CONTAINER_PREFIX}{start_upload(workspace).id}"
    monkeypatch.setattr(code_uploads, "SETTLED_AFTER", timedelta(0))
    order = PurgeOrder(ended_before=LIMIT, dry_run=True)
    write_broken(account.tables, "jobs", broken.name, "job")
    try:
        plan = request_purge(JobService(workspace, jobs), order)
    finally:
        account.tables.get_table_client("jobs").delete_entity(broken.name, "job")
    assert old.name in plan.jobs
    assert broken.name not in plan.jobs
    assert upload not in plan.code_uploads
    write_broken(account.tables, workspace.table, "codes", "broken:1")
    plan = request_purge(JobService(workspace, jobs), order)
    assert upload not in plan.code_uploads
    assert "row codes / broken:1" in " ".join(plan.warnings)


def test_uploads_of_code_that_nothing_names_are_removed_once_settled(workspace, monkeypatch):
    upload = f"{code_uploads.CODE_CONTAINER_PREFIX}{start_upload(workspace).id}"
    assert upload not in unnamed_uploads(workspace)
    monkeypatch.setattr(code_uploads, "SETTLED_AFTER", timedelta(0))
    assert upload in unnamed_uploads(workspace)
    remove_uploads(workspace, [upload, upload])
    assert upload not in unnamed_uploads(workspace)


def test_code_whose_version_is_deleted_stays_while_a_job_that_has_just_begun_uses_it(
    account, workspace, make_job, monkeypatch
):
    monkeypatch.setattr(code_uploads, "SETTLED_AFTER", timedelta(0))
    upload = f"{code_uploads.CODE_CONTAINER_PREFIX}{start_upload(workspace).id}"
    account.blobs.get_blob_client(upload, "src/score.py").upload_blob(b"")
    body = ResourceBody.model_validate({"properties": {"codeUri": f"{account.blob_url}/{upload}/src"}})
    put_code(workspace, "script", "1", body, Change())

    def begin_a_job_and_delete_the_version():
        code = CodeSpec(
            location=Location(kind="blob_folder", account_url=account.blob_url, container=upload, path="src"),
            scoring_script="score.py",
        )
        JobStore(account.tables).add(make_job(code=code))
        delete_version(workspace, workspace.codes, "script", "1")

    kinds = set()

    def between_versions_and_jobs(request):
        if request.method == "GET":
            kinds.update(table for table in ("/jobindex(", f"/{workspace.table}(") if table in request.url)
        return len(kinds) == 2

    hook = once_at(between_versions_and_jobs, begin_a_job_and_delete_the_version)
    hooked = HookedAccount(account.connection_string, before=hook)
    service = JobService(Workspace(SETTINGS, hooked, table=workspace.table), JobStore(hooked.tables))
    plan = request_purge(service, PurgeOrder(ended_before=LIMIT, dry_run=True))
    assert len(kinds) == 2
    assert upload not in plan.code_uploads
