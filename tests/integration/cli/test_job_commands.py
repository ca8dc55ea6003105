import csv
import json

import pytest

from tests.integration.cli.conftest import Bml, Project

pytestmark = pytest.mark.integration

DOUBLE = """\
import os
import pathlib

import pandas as pd

factor = None


def init():
    global factor
    folder = pathlib.Path(os.environ["AZUREML_MODEL_DIR"])
    factor = int((folder / "weights" / "factor.txt").read_text())
    print("the factor is", factor, flush=True)


def run(mini_batch):
    files = [pathlib.Path(file) for file in mini_batch]
    if any(file.name.startswith("bad") for file in files):
        raise ValueError("a bad file")
    return pd.DataFrame({"file": [f.name for f in files], "double": [factor * int(f.read_text()) for f in files]})
"""


@pytest.fixture
def scripted(bml: Bml, project: Project) -> Bml:
    """`bml`, with an endpoint whose active deployment doubles the numbers in files."""
    endpoint = project.write("endpoint.yml", f"name: {project.name}\n")
    assert bml("endpoint", "create", "--file", endpoint).code == 0
    file = project.scripted_file(DOUBLE, mini_batch_size=1, error_threshold=0, retry_settings="{max_retries: 1}")
    added = bml("endpoint", "update", "-n", project.name, "-e", file, "--traffic", "scripted:100")
    assert added.code == 0, added.err
    return bml


def numbers(project: Project, *names: str) -> None:
    for value, name in enumerate(names, start=1):
        project.write(f"input/{name}.txt", str(value))


def test_local_files_are_scored_followed_and_fetched(scripted: Bml, project: Project) -> None:
    numbers(project, "a", "b", "c")
    invoked = scripted("endpoint", "invoke", "-n", project.name, "-t", "batch", "-l", project.folder / "input")
    assert invoked.json["interactionEndpoints"]["Studio"]["endpoint"].startswith("http://127.0.0.1:")
    name = invoked.json["name"]
    early = scripted("job", "download", "-n", name)
    assert (early.code, "bml job stream" in early.err) == (4, True), early.err

    streamed = scripted("job", "stream", "--name", name)
    assert streamed.code == 0, streamed.err
    assert streamed.out.startswith(f"RunId: {name}\nWeb View: http://127.0.0.1:")
    assert "the factor is 2\n" in streamed.out
    assert "Files: 3 (3 succeeded, 0 failed) in 3 mini-batches\nRows: 3\n" in streamed.out
    assert "3 of 3" in streamed.err
    assert scripted("job", "show", "--name", name, "--query", "status", "-o", "tsv").out == "Completed\n"

    target = project.folder / "results"
    fetched = scripted("job", "download", "--name", name, "--download-path", target)
    assert any("logs" in file["path"] for file in fetched.json)
    with (target / "predictions.csv").open(newline="") as stream:
        assert list(csv.reader(stream)) == [["file", "double"], ["a.txt", "2"], ["b.txt", "4"], ["c.txt", "6"]]
    assert scripted("endpoint", "list-jobs", "-n", project.name, "--query", "[].name", "-o", "tsv").out == f"{name}\n"
    assert name in scripted("job", "list", "--query", "[].name", "-o", "tsv").out.splitlines()

    again = scripted("endpoint", "invoke", "-n", project.name, "-l", project.folder / "input", "--job-name", name)
    assert again.json["name"] == name
    assert "Uploading" not in again.err


def test_a_failed_job_ends_the_stream_with_its_error(scripted: Bml, project: Project) -> None:
    numbers(project, "a", "bad")
    invoked = scripted("endpoint", "invoke", "-n", project.name, "-l", project.folder / "input", "-m", 1)
    streamed = scripted("job", "stream", "-n", invoked.json["name"], "--no-logs")
    assert streamed.code == 7
    last = streamed.err.splitlines()[-1]
    assert last.startswith(f"error: job {invoked.json['name']} ended as Failed: ")
    assert "Status: Failed" in streamed.out


def test_failures_below_the_threshold_are_listed(scripted: Bml, project: Project) -> None:
    numbers(project, "a", "bad", "c")
    invoked = scripted(
        *("endpoint", "invoke", "-n", project.name, "-l", project.folder / "input"),
        *("--output-path", f"out/{project.name}", "--set", "output_file_name=mine.csv", "--set", "error_threshold=1"),
        *("--output-datastore", "azureml:workspaceblobstore", "--instance-count", 1),
    )
    name = invoked.json["name"]
    assert scripted("job", "stream", "-n", name, "--no-logs").code == 0
    target = project.folder / "results"
    scripted("job", "download", "-n", name, "-p", target, "--output-name", "score")
    assert sorted(path.name for path in target.rglob("*")) == ["mine.csv", "mine.csv.errors.jsonl"]
    assert len((target / "mine.csv").read_text().splitlines()) == 3
    (failure,) = (json.loads(line) for line in (target / "mine.csv.errors.jsonl").read_text().splitlines())
    assert "bad.txt" in failure["file"]
    repeated = scripted(
        *("endpoint", "invoke", "-n", project.name, "-l", project.folder / "input"),
        *("--output-path", f"out/{project.name}", "--set", "output_file_name=mine.csv"),
    )
    assert repeated.code == 4
    assert "mine.csv" in repeated.err


def test_the_download_of_a_single_file_output_leaves_its_neighbours(scripted: Bml, project: Project) -> None:
    numbers(project, "a", "bad", "c")
    folder = f"azureml://datastores/workspaceblobstore/paths/one-file/{project.name}"
    invoked = scripted(
        *("batch-endpoint", "invoke", "-n", project.name, "--input", project.folder / "input"),
        *("--outputs", f"{{score: {{type: uri_file, path: {folder}/mine.csv}}}}", "--set", "error_threshold=1"),
    )
    name = invoked.json["name"]
    assert scripted("job", "stream", "-n", name, "--no-logs").code == 0
    beside = scripted(
        *("endpoint", "invoke", "-n", project.name, "-l", project.folder / "input"),
        *("--output-path", f"one-file/{project.name}", "--set", "output_file_name=mine.csv.other"),
        *("--set", "error_threshold=1"),
    )
    assert scripted("job", "stream", "-n", beside.json["name"], "--no-logs").code == 0
    target = project.folder / "results"
    scripted("job", "download", "-n", name, "-p", target, "--output-name", "score")
    assert sorted(path.name for path in target.rglob("*")) == ["mine.csv", "mine.csv.errors.jsonl"]


def test_a_job_is_canceled(scripted: Bml, project: Project) -> None:
    numbers(project, "a")
    name = scripted("endpoint", "invoke", "-n", project.name, "-l", project.folder / "input").json["name"]
    assert scripted("job", "cancel", "-n", name).code == 0
    assert scripted("job", "stream", "-n", name, "--no-logs").code == 7
    assert scripted("job", "show", "-n", name).json["status"] == "Canceled"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "no input is given"),
        (("-l", "no/such/folder"), 3, "no/such/folder does not exist"),
        (("-u", "azureml:workspaceblobstore", "-p", "nothing/here"), 6, "does not exist or is an empty folder"),
        (("-u", "azureml:nostore", "-p", "x"), 3, "nostore"),
        (("-i", "azureml:nodata:1"), 3, "nodata"),
        (("-i", "azureml:nodata"), 2, "names no version"),
        (("-p", "https://x.invalid/a.csv", "-d", "nodeployment"), 3, "nodeployment"),
        (("-p", "https://x.invalid/a.csv", "--set", "colour=red"), 2, "cannot be overridden"),
        (("-p", "https://x.invalid/a.csv", "--instance-count", "99"), 6, "99"),
    ],
)
def test_a_wrong_invocation_is_refused_in_one_line(
    arguments: tuple[str, ...], code: int, said: str, scripted: Bml, project: Project
) -> None:
    refused = scripted("endpoint", "invoke", "-n", project.name, *arguments)
    assert (refused.code, refused.out, refused.err.count("\n")) == (code, "", 1), refused.err
    assert said in refused.err
    assert scripted("endpoint", "list-jobs", "-n", project.name).json == []


def test_a_refused_invocation_leaves_no_data_behind(scripted: Bml, project: Project) -> None:
    project.write("input/a.txt", project.name)
    before = scripted("data", "list", "--query", "[].name").json
    refused = scripted("endpoint", "invoke", "-n", project.name, "-l", project.folder / "input", "-c", 99)
    assert refused.code == 6
    assert "Uploading input" in refused.err
    assert scripted("data", "list", "--query", "[].name").json == before
