import logging
import re

import pytest

from tests.integration.cli.conftest import Bml, Project

pytestmark = pytest.mark.integration


def test_a_model_is_registered_once_for_each_content(bml: Bml, project: Project) -> None:
    arguments = ("model", "create", "--name", project.name, "--path", project.folder / "model")
    first, again = bml(*arguments).json, bml(*arguments).json
    assert first == again
    assert (first["name"], first["version"], first["type"]) == (project.name, "1", "mlflow_model")
    project.write("model/more.txt", "more")
    assert bml(*arguments).json["version"] == "2"
    assert bml("model", "show", "-n", project.name).json["version"] == "2"
    assert bml("model", "list", "-n", project.name, "--query", "[].version", "-o", "tsv").out.split() == ["2", "1"]
    listed = bml("model", "list", "--query", f"[?name=='{project.name}'].latest_version", "-o", "tsv").out
    assert listed == "2\n"
    assert bml("model", "delete", "-n", project.name, "-v", "1", "--yes").code == 0
    assert bml("model", "show", "-n", project.name, "-v", "1").code == 3


def test_a_command_prints_as_much_as_its_options_ask_for(bml: Bml, project: Project) -> None:
    arguments = ("model", "create", "--name", project.name, "--path", project.folder / "model")
    assert "Uploading model" in bml(*arguments).err
    project.write("model/more.txt", "more")
    assert bml(*arguments, "--only-show-errors").err == ""
    captured = bml("model", "list", "--verbose").err.splitlines()
    assert [
        line for line in captured if not re.fullmatch(r"INFO cli\.api\.transport: GET http\S+: 200 in \d+ ms", line)
    ] == []
    assert captured
    level = logging.getLogger().level
    failed = bml("model", "show", "--name", "nobody", "--debug")
    assert logging.getLogger().level == level
    assert (failed.code, "Traceback" in failed.err, "error: " in failed.err) == (3, True, True)
    assert "Traceback" not in bml("model", "show", "--name", "nobody").err


def test_a_model_that_a_deployment_uses_is_not_deleted(bml: Bml, project: Project) -> None:
    assert bml("endpoint", "create", "--file", project.endpoint_file()).code == 0
    refused = bml("model", "delete", "-n", f"{project.name}-model", "-v", "1", "--yes")
    assert (refused.code, project.name in refused.err) == (4, True), refused.err


def test_data_is_registered_from_a_file_a_path_and_a_uri(bml: Bml, project: Project) -> None:
    project.write("input/a.txt", project.name)
    file = project.write("data.yml", f"name: {project.name}\nversion: 7\npath: ./input\ntags: {{source: test}}\n")
    made = bml("data", "create", "--file", file).json
    assert (made["version"], made["type"], made["tags"]) == ("7", "uri_folder", {"source": "test"})
    assert made["path"].startswith("azureml://datastores/workspaceblobstore/paths/LocalUpload/")
    one_file = bml("data", "create", "-n", f"{project.name}-one", "--path", project.folder / "input" / "a.txt").json
    assert (one_file["type"], one_file["version"]) == ("uri_file", "1")
    by_uri = bml("data", "create", "-n", f"{project.name}-uri", "--path", made["path"]).json
    assert by_uri["path"] == made["path"]


def test_an_environment_is_registered(bml: Bml, project: Project) -> None:
    conda = project.write("conda.yml", "dependencies: [pip]\n")
    made = bml("environment", "create", "-n", project.name, "--image", "python:3", "--conda-file", conda).json
    assert (made["image"], made["conda_file"], made["version"]) == ("python:3", "dependencies: [pip]\n", "1")


def test_the_default_datastore_is_shown_without_a_secret(bml: Bml) -> None:
    first = bml("datastore", "list").json[0]
    assert (first["name"], first["is_default"]) == ("workspaceblobstore", True)
    assert "sig=" not in bml("datastore", "show", "-n", "workspaceblobstore").out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("model", "create", "--path", "x"), 2, "has no name"),
        (("model", "create", "-n", "m", "--path", "no/such/folder"), 3, "no/such/folder does not exist"),
        (("data", "create", "-n", "a b", "--path", "https://x/y"), 6, "asset name 'a b' is not valid"),
        (("data", "create", "-n", "d"), 6, "give either `path` or `local_path`"),
        (("data", "show", "-n", "nodata"), 3, "nodata"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: tuple[str, ...], code: int, said: str, bml: Bml) -> None:
    refused = bml(*arguments)
    assert (refused.code, refused.err.count("\n"), said in refused.err) == (code, 1, True), refused.err
