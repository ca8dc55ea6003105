"""The published schemas are those of the forms, and hold for every YAML file that we show."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from cli.yaml_files.document import YamlDocument
from cli.yaml_files.form import read_form
from cli.yaml_files.published_schemas import FOLDER, SCHEMAS, schema_text
from shared.schemas import schema_names

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = [path for path in sorted(ROOT.glob("examples/**/*.yml")) if "$schema" in path.read_text()]

SEED: dict[str, Any] = yaml.safe_load(
    """\
name: mybatchedp
type: batch
auth_mode: aad_token
traffic: {autolog-deployment: 100}
deployments:
  - name: autolog-deployment
    model: {name: autolog-model, version: 1, local_path: ./autolog_nyc_taxi}
    compute: {target: "azureml:cpu-cluster", instance_count: 1}
    output_configuration: {output_action: append_row, append_row_file_name: predictions.csv}
    environment_variables: {AZUREML_BE: my-env-var, THREADS: 4}
    retry_settings: {max_retries: 3, timeout: 30}
"""
)
TODAY: dict[str, Any] = yaml.safe_load(
    """\
name: classifier
endpoint_name: heart-endpoint
type: model
model: azureml:heart@latest
code_configuration: {code: ./code, scoring_script: score.py}
environment: {image: "python:3.11", conda_file: ./conda.yml}
compute: azureml:cpu-cluster
resources: {instance_count: 2}
settings: {mini_batch_size: 20, output_action: summary_only, logging_level: info}
"""
)


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(yaml.safe_load((FOLDER / f"{name}.schema.json").read_text()))


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_made_from_its_form(name: str) -> None:
    assert (FOLDER / f"{name}.schema.json").read_text() == schema_text(SCHEMAS[name]), (
        "run python -m cli.yaml_files.published_schemas"
    )
    Draft202012Validator.check_schema(validator(name).schema)


def test_nothing_else_is_published() -> None:
    assert schema_names() == sorted(SCHEMAS)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_names_a_schema_that_it_fulfils(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    place, _, schema = content["$schema"].rpartition("/")
    assert "://" in place or (path.parent / place).resolve() == FOLDER, f"{path} names {content['$schema']}"
    validator(schema.removesuffix(".schema.json")).validate(content)


@pytest.mark.parametrize(("name", "content"), [("batchEndpoint", SEED), ("modelBatchDeployment", TODAY)])
def test_all_ages_of_files_are_valid(name: str, content: dict[str, Any]) -> None:
    read_form(SCHEMAS[name], YamlDocument(Path("x.yml"), content, {}))
    validator(name).validate(content)


def test_deployments_keyed_by_name_are_valid() -> None:
    (deployment,) = SEED["deployments"]
    unnamed = {key: value for key, value in deployment.items() if key != "name"}
    validator("batchEndpoint").validate(SEED | {"deployments": {"autolog-deployment": unnamed}})


@pytest.mark.parametrize(
    "change",
    [
        {"name": "my_batch"},
        {"type": "online"},
        {"traffic": {"autolog-deployment": 50}},
        {"minibatch_size": 3},
        {"deployments": [{"name": "without-model"}]},
    ],
)
def test_an_editor_marks_errors(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        validator("batchEndpoint").validate(SEED | change)
