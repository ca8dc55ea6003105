import re
import shutil
from pathlib import Path

import pytest

from cli.deploy.plan import LocalEnvironment, LocalModel, deployment_plan, endpoint_plan
from cli.output.errors import CliError, InvalidInputError, NotFoundError, UsageError

pytestmark = pytest.mark.unit

ENDPOINT = """\
name: my-endpoint
traffic: {first: 100}
deployments:
  - name: first
    model: {name: m, local_path: ./model}
    compute: {target: azureml:cpu-cluster}
    retry_settings: {timeout: 90}
    logging_level: debug
"""
SCRIPTED = """\
name: second
model: {name: m, local_path: ./weights}
code_configuration: {code: {local_path: ./code}, scoring_script: score.py}
environment: {image: some/image, conda_file: file:./conda.yml}
compute: azureml:cpu-cluster
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "endpoint.yml": ENDPOINT,
        "deployment.yml": SCRIPTED,
        "model/MLmodel": "flavors: {}",
        "weights/data.bin": "x",
        "code/score.py": "def init(): pass\ndef run(mini_batch): return mini_batch\n",
        "conda.yml": "dependencies: [python=3.11]\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_paths_are_relative_to_the_file(folder: Path) -> None:
    plan = endpoint_plan(folder / "endpoint.yml", None)
    (deployment,) = plan.deployments
    assert isinstance(deployment.model, LocalModel)
    assert deployment.model.place == folder / "model"
    assert deployment.model.is_mlflow
    assert plan.default_deployment == "first"


def test_settings_are_spelled_as_the_api_wants_them(folder: Path) -> None:
    (deployment,) = endpoint_plan(folder / "endpoint.yml", None).deployments
    assert deployment.settings == {"loggingLevel": "Debug", "retrySettings": {"timeout": "PT90S"}}


def test_a_scripted_deployment_carries_its_conda_file(folder: Path) -> None:
    plan = deployment_plan(folder / "deployment.yml")
    assert isinstance(plan.environment, LocalEnvironment)
    assert plan.environment.conda_file == "dependencies: [python=3.11]\n"
    assert plan.code
    assert plan.code.scoring_script == "score.py"


def test_the_name_of_the_command_line_wins(folder: Path) -> None:
    assert endpoint_plan(folder / "endpoint.yml", "other-name").name == "other-name"


def test_set_changes_a_value_of_the_file(folder: Path) -> None:
    plan = endpoint_plan(folder / "endpoint.yml", None, ("deployments.0.mini_batch_size=7", "tags.team=blue"))
    assert plan.deployments[0].settings["miniBatchSize"] == 7
    assert plan.tags == {"team": "blue"}


@pytest.mark.parametrize("assignment", ["nothing", "=3", "deployments.9.name=x", "name.x=3"])
def test_a_set_that_leads_nowhere_is_a_usage_error(assignment: str, folder: Path) -> None:
    with pytest.raises(UsageError, match="--set"):
        endpoint_plan(folder / "endpoint.yml", None, (assignment,))


def fails(folder: Path, file: str, kind: type[CliError]) -> str:
    with pytest.raises(kind) as caught:
        endpoint_plan(folder / file, None) if file == "endpoint.yml" else deployment_plan(folder / file)
    return caught.value.as_line().replace(f"{folder}/", "")


def test_a_model_folder_without_mlmodel_is_refused(folder: Path) -> None:
    (folder / "model" / "MLmodel").unlink()
    message = fails(folder, "endpoint.yml", InvalidInputError)
    assert message.startswith("endpoint.yml, line 5: model has no file `MLmodel`")
    assert "code_configuration" in message


def test_a_model_that_is_not_there_is_named(folder: Path) -> None:
    shutil.rmtree(folder / "model")
    assert fails(folder, "endpoint.yml", NotFoundError).startswith(
        "endpoint.yml, line 5: the model model does not exist"
    )


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def init(): pass\n", "has no function `run`"),
        ("def run(mini_batch): return []\n", "has no function `init`"),
        ("x = 1\n", "no function `init` and no function `run`"),
        ("def run(:\n", "line 1: not valid Python"),
        ("x = " + "-" * 100_000 + "1", "is not Python source: an expression is nested too deeply"),
        ("class Model:\n    def init(): pass\n    def run(x): pass\n", "no function `init` and no function `run`"),
        ("import mine.init, mine.run\ninit\nrun\n", "no function `init` and no function `run`"),
    ],
)
def test_a_script_that_cannot_score_is_refused(source: str, said: str, folder: Path) -> None:
    (folder / "code" / "score.py").write_text(source)
    message = fails(folder, "deployment.yml", InvalidInputError)
    assert said in message
    assert message.startswith("deployment.yml, line 3:")


@pytest.mark.parametrize(
    "source",
    [
        "from mine import init, run\n",
        "for name in names:\n    init, run = load(name)\n",
        "if a: pass\n" + "elif a: pass\n" * 1200 + "from mine import init, run\n",
        "from mine import *\n",
        "init = run = lambda *a: a\n",
        "if True:\n    def init(): pass\n    def run(x): return x\n",
        "init, run = load()\n",
        "(init := print)\nwhile True:\n    def run(x): return x\n    break\n",
        "try:\n    from a import init, run\nexcept ImportError:\n    from b import init, run\n",
    ],
)
def test_functions_may_come_from_anywhere_at_the_top_level(source: str, folder: Path) -> None:
    (folder / "code" / "score.py").write_text(source)
    assert deployment_plan(folder / "deployment.yml").code


def test_a_script_that_is_not_in_the_code_folder_is_not_found(folder: Path) -> None:
    (folder / "code" / "score.py").unlink()
    assert "'score.py' is not in code" in fails(folder, "deployment.yml", NotFoundError)


def test_a_file_in_the_place_of_a_folder_is_named(folder: Path) -> None:
    shutil.rmtree(folder / "code")
    (folder / "code").write_text("")
    assert "the folder code is not a folder" in fails(folder, "deployment.yml", NotFoundError)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_a_conda_file_in_another_encoding_is_named(encoding: str, folder: Path) -> None:
    (folder / "conda.yml").write_bytes("dependencies: [python=3.11] # ü\n".encode(encoding))
    said = fails(folder, "deployment.yml", InvalidInputError)
    assert re.search("line 4: conda.yml (is not UTF-8 text|cannot be read)", said)


@pytest.mark.parametrize(
    "place",
    [
        "azureml://datastores/workspaceblobstore/paths/code",
        "azureml:my-code:1",
        "/subscriptions/s/resourceGroups/r/providers/p/workspaces/w/codes/c/versions/1",
        "https://account.blob.core.windows.net/container/code",
    ],
)
def test_code_may_be_a_reference_or_a_uri(place: str, folder: Path) -> None:
    file = folder / "deployment.yml"
    file.write_text(SCRIPTED.replace("{local_path: ./code}", f'"{place}"'))
    plan = deployment_plan(file)
    assert plan.code
    assert plan.code.folder == place


def test_a_script_that_is_left_out_is_named_with_the_ignore_file(folder: Path) -> None:
    (folder / "code" / ".amlignore").write_text("*.py\n")
    assert "'score.py' is left out by code/.amlignore" in fails(folder, "deployment.yml", InvalidInputError)


@pytest.mark.parametrize("code", ['code: ""', 'code: {local_path: ""}'])
def test_code_without_a_path_is_not_the_folder_of_the_file(code: str, folder: Path) -> None:
    (folder / "deployment.yml").write_text(SCRIPTED.replace("code: {local_path: ./code}", code))
    assert "`code_configuration.code" in fails(folder, "deployment.yml", InvalidInputError)


@pytest.mark.parametrize("value", ["!!bool maybe", '!!int ""', "!!timestamp x", "2023-13-45"])
def test_a_conda_file_arrives_as_it_is_written_whatever_tags_it_has(value: str, folder: Path) -> None:
    (folder / "conda.yml").write_text(f"dependencies: [{value}]\n")
    environment = deployment_plan(folder / "deployment.yml").environment
    assert isinstance(environment, LocalEnvironment)
    assert environment.conda_file == f"dependencies: [{value}]\n"


def test_a_conda_file_without_dependencies_is_refused(folder: Path) -> None:
    (folder / "conda.yml").write_text("name: x\n")
    assert "line 4: conda.yml is not a conda file" in fails(folder, "deployment.yml", InvalidInputError)


def test_traffic_to_a_deployment_that_the_file_lacks_is_refused(folder: Path) -> None:
    path = folder / "endpoint.yml"
    path.write_text(ENDPOINT.replace("{first: 100}", "{frist: 100}"))
    assert "line 2: the deployment 'frist' is not in `deployments`. The file has: first" in fails(
        folder, "endpoint.yml", InvalidInputError
    )
