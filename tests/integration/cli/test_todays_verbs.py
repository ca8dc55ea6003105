"""Today's verbs of Azure ML, and what they share with those of 2021."""

import pytest

from tests.integration.cli.conftest import COMPUTE, Bml, Project

pytestmark = pytest.mark.integration

SCRIPT = "def init(): pass\ndef run(mini_batch): return [len(open(file).read()) for file in mini_batch]\n"


def deployment(project: Project, **settings: object) -> str:
    project.write("code/score.py", SCRIPT)
    project.write("weights/factor.txt", "2")
    lines = "\n".join(f"  {key}: {value}" for key, value in settings.items())
    text = f"""\
name: classifier
endpoint_name: {project.name}
type: model
model: {{name: {project.name}-weights, path: ./weights}}
code_configuration: {{code: ./code, scoring_script: score.py}}
environment: {{image: "python:3"}}
compute: azureml:{COMPUTE}
resources: {{instance_count: 1}}
settings:
  mini_batch_size: 2
{lines}
"""
    return str(project.write("deployment.yml", text))


@pytest.fixture
def deployed(bml: Bml, project: Project) -> Bml:
    """`bml`, with an endpoint whose only deployment is `classifier`."""
    assert bml("batch-endpoint", "create", "-n", project.name).code == 0
    made = bml("batch-deployment", "create", "-f", deployment(project), "--set-default")
    assert made.code == 0, made.err
    return bml


def test_a_deployment_is_made_shown_changed_and_deleted(deployed: Bml, project: Project) -> None:
    which = ("-n", "classifier", "-e", project.name)
    shown = deployed("batch-deployment", "show", *which).json
    assert (shown["mini_batch_size"], shown["instance_count"], shown["init_timeout"]) == (2, 1, 600)
    assert deployed("batch-endpoint", "show", "-n", project.name).json["traffic"] == {"classifier": 100}
    changed = deployed(
        *("batch-deployment", "update", *which, "--set", "settings.mini_batch_size=5", "retry_settings.timeout=60"),
        *("--set", "resources.instance_count=2", "init_timeout=900", "--add", "tags", "team=blue"),
    ).json
    assert changed == shown | {
        "mini_batch_size": 5,
        "instance_count": 2,
        "retry_settings": {"max_retries": 3, "timeout": 60},
        "init_timeout": 900,
        "tags": {"team": "blue"},
    }
    assert deployed("batch-deployment", "list", "-e", project.name, "--query", "[].name").json == ["classifier"]
    replaced = deployed("batch-deployment", "update", *which, "-f", deployment(project, error_threshold=3)).json
    assert (replaced["error_threshold"], replaced["mini_batch_size"]) == (3, 2)
    deployed("batch-endpoint", "update", "-n", project.name, "--remove", "defaults.deployment_name")
    assert deployed("batch-deployment", "delete", *which, "--yes").code == 0
    assert deployed("batch-deployment", "show", *which).code == 3


def test_a_wrong_change_of_a_deployment_changes_nothing(deployed: Bml, project: Project) -> None:
    which = ("-n", "classifier", "-e", project.name)
    before = deployed("batch-deployment", "show", *which).json
    refused = deployed("batch-deployment", "update", *which, "--set", "settings.mini_batch_size=0")
    assert (refused.code, "mini_batch_size" in refused.err) == (6, True), refused.err
    unknown = deployed("batch-deployment", "update", *which, "--set", "scoring_uri=x")
    assert (unknown.code, "Changeable are" in unknown.err) == (2, True), unknown.err
    assert deployed("batch-deployment", "show", *which).json == before


def test_a_script_may_go_unchecked_here(bml: Bml, project: Project) -> None:
    assert bml("batch-endpoint", "create", "-n", project.name).code == 0
    file = deployment(project)
    project.write("code/score.py", "def init(): pass\n")
    refused = bml("batch-deployment", "create", "-f", file)
    assert "no function `run`" in refused.err
    unchecked = bml("batch-deployment", "create", "-f", file, "--skip-script-validation")
    assert "score.py has no function" not in unchecked.err


def test_an_endpoints_properties_are_changed_one_by_one(bml: Bml, project: Project) -> None:
    assert bml("batch-endpoint", "create", "-n", project.name, "--set", "description=5").code == 0
    view = ("--query", "{d: description, t: tags}")
    changed = bml(
        "endpoint", "update", "-n", project.name, "--set", "tags.a=1", "tags.b=2", "--remove", "tags.a", *view
    )
    assert changed.json == {"d": "5", "t": {"b": "2"}}
    update = ("endpoint", "update", "-n", project.name)
    assert bml(*update, "--remove", "description", *view).json["d"] is None


def test_an_input_is_given_in_every_form_and_jobs_are_kept_and_purged(deployed: Bml, project: Project) -> None:
    project.write("input/a.txt", "1234")
    store = "azureml://datastores/workspaceblobstore/paths"
    project.write(
        "job.yml", f"inputs: {{d: {{path: ./input}}}}\noutputs: {{o: {{path: {store}/{project.name}/v1.2}}}}\n"
    )
    invoke = ("batch-endpoint", "invoke", "-n", project.name)
    name = f"{project.name}-job"
    words = ("--job-name", name, "--tags", "team=blue", "--display-name", "First")
    first = deployed(*invoke, "--file", project.folder / "job.yml", *words)
    assert "Uploading input" in first.err
    assert deployed("job", "stream", "-n", name, "--no-logs").code == 0
    job = deployed("job", "show", "-n", name).json
    assert (job["display_name"], job["tags"]["team"]) == ("First", "blue")
    assert job["outputs"]["score"]["uri"].endswith(f"/{project.name}/v1.2/")
    assert deployed("job", "download", "-n", name, "-p", project.folder / "got", "--output-name", "score").code == 0
    assert (project.folder / "got" / "predictions.csv").read_text() == "4\n"

    data = job["inputs"]["data"]["uri"].split("/azureml-blobstore/", 1)[1]
    again = deployed(*invoke, "--input", project.folder / "input")
    assert "Uploading" not in again.err
    by_path = deployed(*invoke, "--inputs", f"{{x: {{path: '{store}/{data}'}}}}")
    by_name = deployed(*invoke, "--input", again.json["dataset"]["datasetId"])
    others = [job.json["name"] for job in (again, by_path, by_name)]
    for other in others:
        assert deployed("job", "stream", "-n", other, "--no-logs").code == 0
    listed = deployed("batch-deployment", "list-jobs", "-n", "classifier", "-e", project.name, "--query", "[].name")
    assert listed.json == [*reversed(others), name]
    project.write("renamed/a.txt", "1234")
    renamed = deployed(*invoke, "--input", project.folder / "renamed").json
    assert renamed["dataset"]["datasetId"] != again.json["dataset"]["datasetId"]

    assert deployed("job", "archive", "-n", name).json["is_archived"]
    assert name not in deployed("job", "list", "--query", "[].name").json
    assert name in deployed("job", "list", "--archived-only", "--query", "[].name").json
    updated = deployed("job", "update", "-n", name, "--set", "description=kept", "--remove", "tags.team").json
    assert (updated["description"], "team" in updated["tags"], updated["is_archived"]) == ("kept", False, True)
    assert not deployed("job", "restore", "-n", name).json["is_archived"]

    assert name not in deployed("workspace", "purge", "--older-than", "1d", "--dry-run").json["jobs"]
