import pytest

from local.stack.inspection import StackStatus
from tests.integration.cli.conftest import MLMODEL, Bml, Project

pytestmark = pytest.mark.integration

SCRIPT = "def init(): pass\ndef run(mini_batch): return mini_batch\n"


def test_an_endpoint_is_made_from_the_seeds_form(bml: Bml, project: Project) -> None:
    made = bml("endpoint", "create", "--type", "batch", "--file", project.endpoint_file())
    assert made.json["traffic"] == {"plain": 100}
    shown = bml("endpoint", "show", "--name", project.name, "--type", "batch").json
    assert shown == made.json
    (deployment,) = shown["deployments"]
    assert deployment["model"] == f"azureml:{project.name}-model:1"
    assert deployment["compute"] == "azureml:cli-cluster"
    assert (deployment["mini_batch_size"], deployment["retry_settings"]) == (3, {"max_retries": 3, "timeout": 30})
    uri = bml("endpoint", "show", "-n", project.name, "-t", "batch", "--query", "scoring_uri", "-o", "tsv").out
    assert uri.endswith(f"/endpoints/{project.name}/jobs\n")
    assert project.name in bml("endpoint", "list", "--query", "[].name", "-o", "tsv").out.splitlines()


def test_creating_it_again_uploads_nothing(bml: Bml, project: Project) -> None:
    first = bml("endpoint", "create", "--file", project.endpoint_file())
    again = bml("endpoint", "create", "--file", project.endpoint_file())
    assert "Uploading model" in first.err
    assert "Uploading" not in again.err
    assert again.json == first.json


def test_what_the_ignore_file_lists_is_not_uploaded_and_said(bml: Bml, project: Project) -> None:
    project.write("model/secret.env", "KEY=1")
    project.write("model/.amlignore", "secret.env\n")
    first = bml("endpoint", "create", "--file", project.endpoint_file(), "--verbose")
    assert "1 file of" in first.err
    assert "left out: secret.env" in first.err
    project.write("model/secret.env", "KEY=2")
    again = bml("endpoint", "create", "--file", project.endpoint_file())
    assert "Uploading" not in again.err, "what is left out is no part of the content"
    project.write("model/.amlignore", "MLmodel\n")
    refused = bml("endpoint", "create", "--file", project.endpoint_file())
    assert refused.code == 6
    assert "endpoint.yml, line 12: the model's 'MLmodel' is left out by" in refused.err


def test_other_content_under_the_same_version_is_a_conflict_and_changes_nothing(bml: Bml, project: Project) -> None:
    before = bml("endpoint", "create", "--file", project.endpoint_file()).json
    project.write("model/MLmodel", MLMODEL + "# changed\n")
    file = project.endpoint_file()
    file.write_text(file.read_text().replace("made by a test", "changed"))
    refused = bml("endpoint", "create", "--file", file)
    assert refused.code == 4
    assert f"{project.name}-model:1 is registered in models with other content" in refused.err
    assert bml("endpoint", "show", "--name", project.name).json == before


def test_a_failure_in_the_middle_leaves_nothing_behind(bml: Bml, project: Project) -> None:
    file = project.endpoint_file()
    second = "  - name: second\n    model: azureml:no-such-model:1\n    compute: {target: azureml:cli-cluster}\n"
    file.write_text(file.read_text() + second)
    refused = bml("endpoint", "create", "--file", file)
    assert refused.code in {3, 6}
    assert refused.err.splitlines()[-1].startswith("error: deployment 'second': model")
    assert "no-such-model" in refused.err
    assert "Uploading model" in refused.err, "the first deployment had been made"
    assert bml("endpoint", "show", "--name", project.name).code == 3
    file.write_text(file.read_text().removesuffix(second))
    project.write("model/MLmodel", f"{MLMODEL}# {project.name}, the second try\n")
    made = bml("endpoint", "create", "--file", file)
    assert made.code == 0, f"the model of the first try is still registered: {made.err}"


def test_a_compute_that_does_not_exist_is_named_before_anything_is_uploaded(bml: Bml, project: Project) -> None:
    file = project.endpoint_file()
    file.write_text(file.read_text().replace("cli-cluster", "gpus"))
    refused = bml("endpoint", "create", "--file", file)
    assert refused.code == 3
    assert refused.err == (
        "error: the compute 'gpus' does not exist. Create it with `bml compute create --name gpus --max-instances 2`.\n"
    )
    assert bml("endpoint", "show", "--name", project.name).code == 3


def test_a_deployment_is_added_activated_and_deleted(bml: Bml, project: Project) -> None:
    bml("endpoint", "create", "--file", project.endpoint_file())
    added = bml(
        "endpoint", "update", "-n", project.name, "-t", "batch", "--deployment-file", project.scripted_file(SCRIPT)
    )
    assert added.json["traffic"] == {"plain": 100, "scripted": 0}
    scripted = next(item for item in added.json["deployments"] if item["name"] == "scripted")
    assert scripted["code_configuration"]["scoring_script"] == "score.py"
    active = bml("endpoint", "update", "-n", project.name, "-t", "batch", "--traffic", "scripted:100").json
    assert active["traffic"] == {"plain": 0, "scripted": 100}
    assert bml("endpoint", "delete", "-n", project.name, "-d", "plain", "--yes").code == 0
    names = bml("endpoint", "show", "-n", project.name, "--query", "deployments[].name", "-o", "tsv").out
    assert names == "scripted\n"


def test_the_same_code_is_uploaded_once(bml: Bml, project: Project) -> None:
    bml("endpoint", "create", "--file", project.endpoint_file())
    script = f"# {project.name}\n{SCRIPT}"
    arguments = ("endpoint", "update", "-n", project.name, "--deployment-file", project.scripted_file(script))
    first, again = bml(*arguments), bml(*arguments)
    assert "Uploading code" in first.err
    assert "Uploading" not in again.err
    assert first.json == again.json


def test_instances_tags_and_description_are_changed(bml: Bml, project: Project) -> None:
    bml("endpoint", "create", "--file", project.endpoint_file())
    resized = bml("endpoint", "update", "-n", project.name, "-d", "plain", "--instance-count", 2).json
    assert resized["deployments"][0]["instance_count"] == 2
    changed = bml(
        "endpoint", "update", "-n", project.name, "--set", "tags.team=blue", "--set", "description=other"
    ).json
    assert (changed["tags"], changed["description"], changed["traffic"]) == ({"team": "blue"}, "other", {"plain": 100})


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--traffic", "nothing:100"), 3, "/nothing' not found. There "),
        (("--traffic", "plain:50"), 2, "--traffic <deployment>:100"),
        (("--instance-count", "2"), 2, "--instance-count needs --deployment"),
        ((), 2, "nothing to update"),
        (("--set", "auth_mode=key"), 2, "cannot be changed"),
    ],
)
def test_a_wrong_update_is_refused(
    arguments: tuple[str, ...], code: int, said: str, bml: Bml, project: Project
) -> None:
    bml("endpoint", "create", "--file", project.endpoint_file())
    refused = bml("endpoint", "update", "-n", project.name, *arguments)
    assert (refused.code, said in refused.err) == (code, True), refused.err


def test_deleting_needs_a_yes_and_takes_the_deployments_along(bml: Bml, project: Project) -> None:
    bml("endpoint", "create", "--file", project.endpoint_file())
    assert bml("endpoint", "delete", "--name", project.name).code == 2
    assert bml("endpoint", "delete", "--name", project.name, "--yes").code == 0
    assert bml("endpoint", "show", "--name", project.name).code == 3
    assert bml("endpoint", "delete", "--name", project.name, "--yes").code == 3


def test_a_compute_is_made_shown_and_deleted(bml: Bml, project: Project) -> None:
    file = project.write("compute.yml", f"name: {project.name}\nmin_instances: 0\nmax_instances: 3\n")
    made = bml("compute", "create", "--file", file, "--idle-time-before-scale-down", 60).json
    assert (made["max_instances"], made["idle_time_before_scale_down"], made["current_node_count"]) == (3, 60, 0)
    assert bml("compute", "show", "-n", project.name).json == made
    assert bml("compute", "delete", "-n", project.name, "--yes").code == 0
    assert bml("compute", "show", "-n", project.name).code == 3
    assert bml("compute", "create", "--name", "-x").code == 6


def test_a_token_for_rest_calls_has_the_shape_of_az(bml: Bml) -> None:
    token = bml("account", "get-access-token").json
    assert set(token) == {"accessToken", "expiresOn", "expires_on", "subscription", "tenant", "tokenType"}
    assert token["accessToken"].count(".") == 2


def test_a_token_with_another_role_has_the_rights_of_that_role(
    bml: Bml, stack: StackStatus, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    bml("endpoint", "create", "--name", project.name)
    token = bml("account", "get-access-token", "--role", "reader").json
    for name, value in {
        "MANAGEMENT_URL": stack.management_url,
        "SUBSCRIPTION": token["subscription"],
        "RESOURCE_GROUP": "local",
        "WORKSPACE": "local",
        "ACCESS_TOKEN": token["accessToken"],
    }.items():
        monkeypatch.setenv(f"BML_{name}", value)
    assert bml("endpoint", "show", "--name", project.name).code == 0
    refused = bml("endpoint", "delete", "--name", project.name, "--yes")
    assert refused.code == 5
    assert f"batchEndpoints/delete' over scope '/subscriptions/{token['subscription']}" in refused.err
    assert bml("account", "get-access-token", "--role", "Owner").code == 2


def test_code_that_lies_in_a_datastore_is_used_where_it_is(bml: Bml, project: Project) -> None:
    file = project.scripted_file(SCRIPT)
    place = bml("data", "create", "-n", f"{project.name}-code", "-p", project.folder / "code").json["path"]
    file.write_text(file.read_text().replace("local_path: ./code", f"local_path: {place}"))
    bml("endpoint", "create", "-n", project.name)
    made = bml("batch-deployment", "create", "-f", file, "-e", project.name)
    assert made.json["code_configuration"]["scoring_script"] == "score.py"
    file.write_text(file.read_text().replace(place, f"{place}none/"))
    refused = bml("batch-deployment", "create", "-f", file, "-e", project.name)
    assert refused.code == 6
    assert "nothing was uploaded there" in refused.err
