"""The page of a job, as a browser gets it: opened by its link, without a token."""

import base64
import hashlib
import json
import re
from datetime import timedelta

import pytest
from azure.storage.blob import BlobServiceClient
from starlette.testclient import TestClient

from shared.compute.scale_sets import LocalScaleSets
from shared.contracts.job import JobStatistics, JobStatus
from shared.contracts.progress import JobFailure
from shared.control_plane.workspace import Workspace
from shared.signatures import JobLinks
from shared.storage.blobs import JOBS_CONTAINER, container_of, ensure_container, log_name, mark_of
from shared.storage.output_ledger import HAS_HEADER
from shared.triggers.http.studio import studio_app
from shared.triggers.wiring import build
from tests.integration.workspace_settings import SETTINGS

pytestmark = pytest.mark.integration


@pytest.fixture
def application(account):
    return build(Workspace(SETTINGS, account), LocalScaleSets("http://127.0.0.1:9", "key"))


@pytest.fixture
def browser(application):
    return TestClient(studio_app(application))


@pytest.fixture
def open_page(application, browser):
    def get(job, suffix=""):
        path, query = application.job_links.page_url(job.name).removeprefix(SETTINGS.public_url).split("?")
        return browser.get(f"{path}{suffix}?{query}")

    return get


def ended(application, job, status=JobStatus.COMPLETED, **changes):
    return application.jobs.add(job.model_copy(update={"status": status, **changes}))


def test_a_completed_job_shows_its_first_rows_and_a_download(application, make_job, open_page):
    job = make_job(statistics=JobStatistics(files=2, succeeded=2, rows=2))
    output = container_of(application.account, job.output.folder)
    metadata = mark_of(job.job_id) | HAS_HEADER
    output.upload_blob(job.output.file_path, b'row,prediction,file\n0,"<b>1</b>",a.csv\n', metadata=metadata)
    text = open_page(ended(application, job)).text
    assert '<th scope="col">prediction</th>' in text
    assert "The first 1 of 2 rows." in text
    assert "&lt;b&gt;1&lt;/b&gt;" in text
    assert "<b>1</b>" not in text
    assert re.search(r'href="http://[^"]+predictions\.csv\?[^"]+sig=', text)
    assert 'data-live="no"' in text


@pytest.mark.parametrize("file_name", ["rows.csv", "rows.jsonl"])
def test_rows_without_columns_are_shown_unchanged(application, make_job, open_page, file_name):
    job = make_job(statistics=JobStatistics(files=1, succeeded=1, rows=1))
    job = job.model_copy(update={"output": job.output.model_copy(update={"file_name": file_name})})
    output = container_of(application.account, job.output.folder)
    output.upload_blob(job.output.file_path, b"[1, 2]\n", metadata=mark_of(job.job_id))
    text = open_page(ended(application, job)).text
    cells = re.findall(r"<td>(.*?)</td>", text)
    assert cells == (["[1", " 2]"] if file_name == "rows.csv" else ["[1, 2]"])
    assert ("<th" in text, "All rows." in text) == (False, True)


def test_a_parquet_output_is_there_to_download_though_its_rows_are_not_shown(application, make_job, open_page):
    job = make_job(statistics=JobStatistics(files=2, succeeded=2, rows=303))
    job = job.model_copy(update={"output": job.output.model_copy(update={"file_name": "rows.parquet"})})
    output = container_of(application.account, job.output.folder)
    output.upload_blob(job.output.file_path, b"PAR1\xff,not to be read as text", metadata=mark_of(job.job_id))
    text = open_page(ended(application, job)).text
    assert re.search(r'href="http://[^"]+rows\.parquet\?[^"]+sig=', text)
    assert "303 rows in a format that this page does not show" in text
    assert "not to be read" not in text


def test_a_failed_job_says_why_and_which_items_failed(application, make_job, open_page):
    job = make_job(failure=JobFailure(step="run", message="none of the 2 items succeeded", file="a.csv"))
    output = container_of(application.account, job.output.folder)
    line = {"file": "a.csv", "mini_batch": 0, "error_type": "ValueError", "message": "no number\u2028here"}
    unknown = {"file": None, "mini_batch": 7, "error_type": "ShortReturn", "message": "2 of 3 rows"}
    lines = "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in (line, unknown))
    output.upload_blob(job.output.errors_path, lines, metadata=mark_of(job.job_id))
    text = open_page(ended(application, job, JobStatus.FAILED)).text
    assert "none of the 2 items succeeded" in text
    assert "ValueError: no number" in text
    assert "mini-batch 7" in text
    assert re.search(r'href="http://[^"]+errors\.jsonl\?[^"]+sig=', text)
    assert "The file was not made" in text


@pytest.mark.parametrize(
    ("credential", "problem"),
    [
        ("anonymous", "refuses this service: AuthorizationFailure; there is no such container, or it is not public"),
        ("datastore:lost", "The files cannot be read: datastore &#39;lost&#39; with the secret of http"),
    ],
)
def test_a_job_whose_output_cannot_be_read_shows_all_the_rest(application, make_job, open_page, credential, problem):
    job = make_job(statistics=JobStatistics(files=3, succeeded=3, rows=3))
    closed = job.output.folder.model_copy(update={"credential": credential})
    job = ended(application, job.model_copy(update={"output": job.output.model_copy(update={"folder": closed})}))
    ensure_container(application.account.blobs, closed.container)
    answer = open_page(job)
    assert (answer.status_code, problem in answer.text) == (200, True)
    assert "Logs" in answer.text
    assert "no longer there" not in answer.text


def test_a_deleted_output_differs_from_one_that_never_existed(application, make_job, open_page):
    job = make_job(statistics=JobStatistics(files=1, succeeded=1, rows=1))
    ensure_container(application.account.blobs, job.output.folder.container)
    assert "The file is no longer there." in open_page(ended(application, job)).text
    assert "The job collected no rows." in open_page(ended(application, make_job())).text


def test_an_output_whose_first_row_is_too_long_to_show_is_there_nevertheless(application, make_job, open_page):
    job = make_job(statistics=JobStatistics(files=1, succeeded=1, rows=1))
    output = container_of(application.account, job.output.folder)
    output.upload_blob(job.output.file_path, b"1" * 70_000 + b"\n", metadata=mark_of(job.job_id))
    text = open_page(ended(application, job)).text
    assert re.search(r'href="http://[^"]+predictions\.csv\?[^"]+sig=', text)
    assert "no longer there" not in text


STRANGE = {
    "numbers": b"[1, 2]\nnull\n7\n",
    "other members": b'{"file": {"a": [1]}, "message": 7}\n',
    "no JSON": b"a,b\r1,2\x00\n",
    "another encoding": "{}\n".encode("utf-16"),
    "deep": b"[" * 60_000 + b"\n",
    "large": b"x" * 200_000,
    "empty": b"",
}


@pytest.mark.parametrize("content", STRANGE.values(), ids=STRANGE)
@pytest.mark.parametrize("is_marked", [True, False], ids=["edited", "replaced"])
def test_a_page_is_shown_whatever_became_of_the_jobs_files(application, make_job, open_page, content, is_marked):
    job = make_job(statistics=JobStatistics(files=2, succeeded=1, failed=1, rows=1))
    output = container_of(application.account, job.output.folder)
    metadata = mark_of(job.job_id) if is_marked else {}
    for path in (job.output.file_path, job.output.errors_path):
        output.upload_blob(path, content, metadata=metadata)
    internals = ensure_container(application.account.blobs, JOBS_CONTAINER)
    internals.upload_blob(log_name(job.job_id, "azureml/executionlogs.txt"), content)
    answer = open_page(ended(application, job))
    assert answer.status_code == 200
    assert "Logs" in answer.text
    replaced = answer.text.count("is not what this job wrote: somebody replaced it")
    assert replaced == (0 if is_marked or not content else 2)


def test_a_page_that_storage_does_not_give_says_so(application, make_job, open_page):
    job = ended(application, make_job())
    vars(application.account)["blobs"] = BlobServiceClient(application.account.blob_url)  # without a credential
    answer = open_page(job)
    assert (answer.status_code, "own storage account refuses it" in answer.text) == (502, True)


def test_a_running_job_keeps_its_page_fresh(application, make_job, open_page):
    job = application.jobs.add(make_job(status=JobStatus.RUNNING, statistics=JobStatistics(files=4, succeeded=1)))
    assert 'data-live="yes"' in open_page(job).text
    part = open_page(job, "/now")
    assert (part.headers["x-job-live"], 'aria-valuenow="25"' in part.text) == ("yes", True)


def test_a_job_that_gets_no_node_says_why(application, make_job, open_page):
    job = application.jobs.add(make_job(status=JobStatus.QUEUED))
    application.scaling.problems.note(job.compute, "the quota of cores is used up")
    assert "the quota of cores is used up" in open_page(job).text
    application.scaling.problems.clear(job.compute)
    assert "Why it waits" not in open_page(job).text


def test_a_page_without_a_good_ticket_shows_nothing_of_the_job(application, make_job, browser):
    job = application.jobs.add(make_job(display_name="secret plans"))
    for ticket in ("", "?ticket=1.abc", "?ticket=nonsense", "?ticket=%C2%B2.abc", "?ticket=1.%C3%A9"):
        answer = browser.get(f"/studio/jobs/{job.name}{ticket}")
        assert (answer.status_code, "secret plans" in answer.text) == (401, False)


def test_a_page_runs_no_script_but_its_own(application, make_job, open_page):
    answer = open_page(ended(application, make_job(display_name="</title><script>alert(1)</script>")))
    (script,) = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in answer.headers["Content-Security-Policy"]


def test_a_ticket_opens_one_job_only(application, make_job, browser):
    mine, other = application.jobs.add(make_job()), application.jobs.add(make_job())
    ticket = application.job_links.page_url(mine.name).split("?")[1]
    assert browser.get(f"/studio/jobs/{other.name}?{ticket}").status_code == 401


def test_a_link_expires(account, make_job, application, browser):
    job = application.jobs.add(make_job())
    long_ago = JobLinks(SETTINGS.public_url, account.tables, lambda: job.created - timedelta(days=30))
    ticket = long_ago.page_url(job.name).split("?")[1]
    answer = browser.get(f"/studio/jobs/{job.name}?{ticket}")
    assert (answer.status_code, "has expired" in answer.text) == (401, True)


def test_two_processes_make_links_with_the_same_key(account, make_job, application, open_page):
    job = application.jobs.add(make_job())
    JobLinks(SETTINGS.public_url, account.tables).check(
        job.name, application.job_links.page_url(job.name).split("ticket=")[1]
    )


def test_an_output_that_is_empty_is_no_error(application, make_job, open_page):
    job = make_job()
    ensure_container(application.account.blobs, job.output.folder.container).upload_blob(job.output.file_path, b"")
    assert open_page(ended(application, job)).status_code == 200
