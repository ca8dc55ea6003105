from pathlib import Path

import pytest
import yaml

from cli.deploy.local_assets import local_environment
from cli.output.errors import CliError, InvalidInputError, NotFoundError
from cli.yaml_files.asset_forms import DataFile, EnvironmentFile
from cli.yaml_files.deployment_form import DeploymentForm
from cli.yaml_files.document import empty_document, read_document
from cli.yaml_files.endpoint_form import EndpointForm
from cli.yaml_files.form import Form, read_form
from cli.yaml_files.invocation_forms import InvocationForm, ScheduleForm
from cli.yaml_files.resource_forms import ComputeForm

pytestmark = pytest.mark.unit

SEED = """\
$schema: https://azuremlschemas.azureedge.net/latest/batchEndpoint.schema.json
name: mybatchedp
description: my sample batch endpoint
type: batch
auth_mode: aad_token
traffic:
  autolog-deployment: 100
deployments:
  - name: autolog-deployment
    model:
      name: autolog-model
      version: 1
      local_path: ./autolog_nyc_taxi
    compute:
      target: azureml:cpu-cluster
      instance_count: 1
    mini_batch_size: 1
    output_file_name: predictions.csv
    retry_settings:
      max_retries: 3
      timeout: 30
    error_threshold: -1
    logging_level: info
"""

ADDED = """\
name: mnist-deployment
model:
  name: mnist-model
  version: 1
  local_path: ./mnist/model/
code_configuration:
  code:
    local_path: ./mnist/code/
  scoring_script: digit_identification.py
environment:
  name: mnist-env
  version: 1
  path: .
  conda_file: file:./mnist/environment/conda.yml
  docker:
    image: mcr.microsoft.com/azureml/intelmpi2018.3-ubuntu16.04:20210301.v1
output_configuration:
  output_action: append_row
  append_row_file_name: digits.csv
mini_batch_size: 5
error_threshold: 10
compute:
  target: azureml:cpu-cluster
"""

TODAY = """\
$schema: https://azuremlschemas.azureedge.net/latest/modelBatchDeployment.schema.json
name: classifier
endpoint_name: heart-endpoint
type: model
model: azureml:heart@latest
code_configuration:
  code: ./code
  scoring_script: score.py
environment: azureml: my-env:3
compute: azureml:cpu-cluster
resources:
  instance_count: 2
settings:
  max_concurrency_per_instance: 2
  mini_batch_size: 20
  output_action: summary_only
  retry_settings:
    timeout: 300
  environment_variables:
    THREADS: 4
    FAST: true
""".replace("azureml: my-env:3", '"azureml: my-env:3"')

INTERMEDIATE = """\
$schema: https://azuremlschemas.azureedge.net/latest/batchDeployment.schema.json
name: nonmlflowdp
endpoint_name: mybatchedp
model:
  local_path: ./mnist/model/
code_configuration:
  code:
    local_path: ./mnist/code/
  scoring_script: digit_identification.py
environment:
  conda_file: ./mnist/environment/conda.yml
  image: mcr.microsoft.com/azureml/openmpi3.1.2-ubuntu18.04:latest
compute: azureml:cpu-cluster
resources:
  instance_count: 1
max_concurrency_per_instance: 2
mini_batch_size: 10
output_action: append_row
output_file_name: predictions.csv
retry_settings:
  max_retries: 3
  timeout: 30
error_threshold: -1
logging_level: info
environment_variables:
  AZUREML_BE: my-env-var
"""


def read(form: type[Form], text: str, folder: Path) -> Form:
    path = folder / "file.yml"
    path.write_text(text)
    return read_form(form, read_document(path))


def complaint(form: type[Form], text: str, folder: Path) -> str:
    with pytest.raises(InvalidInputError) as caught:
        read(form, text, folder)
    return caught.value.as_line().replace(f"{folder}/", "")


def test_the_seeds_endpoint_is_understood_whole(tmp_path: Path) -> None:
    form = read(EndpointForm, SEED, tmp_path)
    assert isinstance(form, EndpointForm)
    (deployment,) = form.deployments
    assert (form.name, form.default_deployment, deployment.name) == (
        "mybatchedp",
        "autolog-deployment",
        "autolog-deployment",
    )
    assert (deployment.model.name, deployment.model.version, deployment.model.folder) == (
        "autolog-model",
        "1",
        "./autolog_nyc_taxi",
    )
    assert deployment.compute.target == "azureml:cpu-cluster"
    names = ("instance_count", "mini_batch_size", "output_file_name", "error_threshold", "logging_level")
    assert [deployment.setting(name) for name in names] == [1, 1, "predictions.csv", -1, "info"]


def test_deployments_may_be_a_map_keyed_by_name(tmp_path: Path) -> None:
    text = SEED.replace("  - name: autolog-deployment\n", "  autolog-deployment:\n")
    form = read(EndpointForm, text, tmp_path)
    assert isinstance(form, EndpointForm)
    assert [deployment.name for deployment in form.deployments] == ["autolog-deployment"]


def test_the_seeds_added_deployment_is_understood(tmp_path: Path) -> None:
    form = read(DeploymentForm, ADDED, tmp_path)
    assert isinstance(form, DeploymentForm)
    assert form.environment
    assert form.environment.image_name.startswith("mcr.microsoft.com/")
    assert form.setting("output_file_name") == "digits.csv"
    assert form.setting("output_action") == "append_row"


def test_the_form_between_them_is_understood(tmp_path: Path) -> None:
    form = read(DeploymentForm, INTERMEDIATE, tmp_path)
    assert isinstance(form, DeploymentForm)
    assert (form.endpoint_name, form.compute.target) == ("mybatchedp", "azureml:cpu-cluster")
    assert form.environment
    assert form.environment.image_name.endswith("ubuntu18.04:latest")
    names = ("instance_count", "max_concurrency_per_instance", "mini_batch_size", "output_action", "output_file_name")
    assert [form.setting(name) for name in names] == [1, 2, 10, "append_row", "predictions.csv"]
    assert form.setting("environment_variables") == {"AZUREML_BE": "my-env-var"}
    assert form.setting("retry_settings.timeout") == 30


def test_todays_deployment_is_understood(tmp_path: Path) -> None:
    form = read(DeploymentForm, TODAY, tmp_path)
    assert isinstance(form, DeploymentForm)
    assert form.model.reference == "azureml:heart@latest"
    assert form.environment
    assert form.environment.reference == "azureml: my-env:3"
    assert (form.compute.target, form.setting("instance_count")) == ("azureml:cpu-cluster", 2)
    assert form.setting("environment_variables") == {"THREADS": "4", "FAST": "true"}


def test_an_environment_that_must_be_built_is_refused_by_name(tmp_path: Path) -> None:
    text = "name: e\nimage: python:3\nbuild: {path: ./context}\n"
    assert "line 3: `build` is not offered: this service does not build images" in complaint(
        EnvironmentFile, text, tmp_path
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "mini_batch_size: 1",
            "minibatch_size: 1",
            "line 17: unknown key `deployments[0].minibatch_size` (did you mean",
        ),
        ("      instance_count: 1", "      instances: 1", "Accepted here: target, instance_count"),
        ("type: batch", "identity: {type: system_assigned}", "line 4: `identity` is not offered: jobs read data with"),
        (
            "logging_level: info",
            "resources: {instance_count: 1, shm_size: 2g}",
            "`deployments[0].resources.shm_size` is not offered: the compute decides",
        ),
        (
            "mini_batch_size: 1",
            "mini_batch_size: many",
            "line 17: `deployments[0].mini_batch_size` is 'many'; it should be a whole number",
        ),
        (
            "mini_batch_size: 1",
            "mini_batch_size: 0",
            "line 17: `deployments[0].mini_batch_size` is 0; it should be greater than or equal to 1",
        ),
        ("name: mybatchedp", "name: my_batch", "line 2: `name`: endpoint name 'my_batch' is not valid"),
        ("name: mybatchedp", "name: ab", "3 to 32 letters"),
        (
            "  - name: autolog-deployment",
            "  - name: 1-deployment",
            "line 9: `deployments[0].name`: deployment name '1-deployment'",
        ),
        (
            "autolog-deployment: 100",
            "autolog-deployment: 50",
            "line 6: `traffic`: traffic of 'autolog-deployment' is 50; a batch endpoint takes 0 or 100 only",
        ),
        ("timeout: 30", "timeout: 999999", "line 21: `deployments[0].retry_settings.timeout` is 999999"),
        (
            "output_file_name: predictions.csv",
            "output_file_name: a/b.csv",
            "line 18: `deployments[0].output_file_name`: output_file_name 'a/b.csv' is not valid",
        ),
        (
            "      local_path: ./autolog_nyc_taxi",
            "      description: x",
            "line 10: `deployments[0].model`: give either `path`",
        ),
        (
            "    compute:\n      target: azureml:cpu-cluster\n      instance_count: 1\n",
            "",
            "line 9: the key `deployments[0].compute` is missing",
        ),
        ("type: batch", "type: online", "line 4: `type` is 'online'; it should be 'batch'"),
        ("auth_mode: aad_token", "auth_mode: key", "line 5: `auth_mode` is 'key'; it should be 'aad_token'"),
        (
            "description: my sample batch endpoint",
            "name: again",
            "line 3, column 1: not valid YAML: the key 'name' appears twice",
        ),
        ("name: mybatchedp", "name: [", "not valid YAML"),
        ("name: mybatchedp", "[a, b]: c", "unhashable key"),
        ("name: mybatchedp", "name: 2026-02-30", "endpoint name '2026-02-30' is not valid"),
        ("mini_batch_size: 1", "mini_batch_size: 1.5", "is 1.5; it should be a whole number"),
        ("mini_batch_size: 1", "mini_batch_size: 9223372036854775808", "should be a whole number with fewer digits"),
        ("mini_batch_size: 1", "mini_batch_size: 1e30", "it should be a whole number with fewer digits"),
        ("mini_batch_size: 1", "mini_batch_size: 12:30", "is '12:30'; it should be a whole number"),
        ("mini_batch_size: 1", "mini_batch_size: yes", "is 'yes'; it should be a whole number"),
        ("mini_batch_size: 1", "mini_batch_size: .inf", "is '.inf'; it should be a whole number"),
        ("name: mybatchedp", 'name: x\n"name": y', "the key 'name' appears twice"),
        ("type: batch", "type: ~\nunknown: ~", "unknown key `unknown`"),
        (
            "mini_batch_size: 1",
            "environment_variables: {A=B: 1}",
            "line 17: `deployments[0].environment_variables`: the environment variable 'A=B' has '=' in its name",
        ),
        ("mini_batch_size: 1", 'environment_variables: {"": 1}', "an environment variable has no name"),
        ("mini_batch_size: 1", 'environment_variables: {A: "\\0"}', "'A' has a NUL character in its value"),
        ("name: mybatchedp", "name: a\x07b", "line 2: not valid YAML: the character U+0007 is not allowed"),
        ("type: batch", "type: batch\ndescription: a\x85b", "line 5: not valid YAML: the character U+0085"),
        ("type: batch", 'description: "a \u2028 b"', "line 4: not valid YAML: the character U+2028 is not allowed"),
        (
            "description: my sample batch endpoint",
            'description: "\\ud800"',
            "line 3, column 14: not valid YAML: '\\ud800' has half a character",
        ),
        ("mini_batch_size: 1", f"mini_batch_size: {'1' * 5000}", "…"),
        ("mini_batch_size: 1", "mini_batch_size: 1__0", "is '1__0'; it should be a whole number"),
        (
            "  - name: autolog-deployment\n",
            "  blue:\n    name: red\n",
            "at 'blue' has the name 'red'; leave out `name`",
        ),
        ("retry_settings:\n      max_retries: 3\n      timeout: 30", "retry_settings: [3]", "it should be a mapping"),
        ("name: mybatchedp", "name: &name [*name]", "contain themselves"),
        (
            "logging_level: info",
            "settings: {logging_level: info, mini_batch_size: 2}",
            "mini_batch_size is given twice: as `mini_batch_size` and as `settings.mini_batch_size`",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert old in SEED
    assert said in complaint(EndpointForm, SEED.replace(old, new, 1), tmp_path)


def test_pipeline_deployments_are_refused_by_name(tmp_path: Path) -> None:
    assert "`type: pipeline` are not offered" in complaint(DeploymentForm, "name: abc\ntype: pipeline\n", tmp_path)


def test_a_compute_may_not_have_more_instances_at_least_than_at_most(tmp_path: Path) -> None:
    text = "name: cpu-cluster\nmin_instances: 3\nmax_instances: 2\n"
    assert "min_instances (3) is above max_instances (2)" in complaint(ComputeForm, text, tmp_path)


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        read_document(tmp_path / "none.yml")


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just text"])
def test_a_file_without_keys_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "file.yml").write_text(text)
    with pytest.raises(CliError, match="does not hold"):
        read_document(tmp_path / "file.yml")


SURPRISES = (
    *(
        "12:30",
        "1.10",
        "010",
        "0o17",
        "NO",
        "no",
        "Yes",
        "on",
        "True",
        "2026-01-01",
        "2026-02-30",
        "1_000",
        "0x1F",
        "1e3",
    ),
    *("<<", "~", "null", "", ".inf", "-.NaN", "2026-01-01T00:00:00Z", "+12", "0b11", "1:2:3", "=", "12e03"),
)
"""Texts that YAML 1.1 or 1.2 reads as something else."""


@pytest.mark.parametrize("text", SURPRISES)
def test_where_a_text_is_meant_the_characters_of_the_file_are_kept(text: str, tmp_path: Path) -> None:
    form = read(
        DeploymentForm,
        f"""\
name: plain
model: azureml:m:1
compute: azureml:c
tags: {{A: {text}, B: &b {text}, C: *b}}
properties:
  A: {text}
settings:
  environment_variables:
    A: {text}
    <<: {{B: {text}}}
""",
        tmp_path,
    )
    assert isinstance(form, DeploymentForm)
    assert form.tags == {"A": text, "B": text, "C": text}
    assert form.properties == {"A": text}
    assert form.setting("environment_variables") == {"A": text, "B": text}


@pytest.mark.parametrize("text", sorted(set(SURPRISES) - {"~", "null", "", "<<"}))
def test_descriptions_names_and_keys_are_the_characters_of_the_file(text: str, tmp_path: Path) -> None:
    form = read(DataFile, f"name: d\npath: ./x\ndescription: {text}\ntags:\n  {text}: 1\n", tmp_path)
    assert isinstance(form, DataFile)
    assert (form.description, form.tags) == (text, {text: "1"})


@pytest.mark.parametrize("version", ["1.10", "010", "2026-01-01", "1_000", "0x1F", "1e3", "NO"])
def test_a_version_is_the_characters_of_the_file(version: str, tmp_path: Path) -> None:
    form = read(DataFile, f"name: d\nversion: {version}\npath: ./x\n", tmp_path)
    assert isinstance(form, DataFile)
    assert form.version == version


@pytest.mark.parametrize("nothing", ["~", "null", "", "Null  # a comment"])
def test_a_key_without_a_value_is_not_given(nothing: str, tmp_path: Path) -> None:
    form = read(DataFile, f"name: d\npath: ./x\ndescription: {nothing}\ntags: {nothing}\n", tmp_path)
    assert isinstance(form, DataFile)
    assert (form.description, form.tags) == (None, {})


@pytest.mark.parametrize(
    ("written", "meant"),
    [("12", 12), ("+12", 12), ("1_000", 1000), ("0x1F", 31), ("0o17", 15), ("1e3", 1000), ("010", 10), ("5.0", 5)],
)
def test_where_a_number_is_meant_it_is_read_as_yaml_1_2_does(written: str, meant: int, tmp_path: Path) -> None:
    text = f"name: plain\nmodel: azureml:m:1\ncompute: azureml:c\nmini_batch_size: {written}\n"
    form = read(DeploymentForm, text, tmp_path)
    assert isinstance(form, DeploymentForm)
    assert form.setting("mini_batch_size") == meant


@pytest.mark.parametrize(
    ("written", "meant"), [("no", False), ("OFF", False), ("yes", True), ("On", True), ("true", True)]
)
def test_where_a_boolean_is_meant_yes_and_no_are_taken(written: str, meant: bool, tmp_path: Path) -> None:
    form = read(ScheduleForm, f"name: s\ncron: 0 6 * * *\nendpoint: heart\nenabled: {written}\n", tmp_path)
    assert isinstance(form, ScheduleForm)
    assert form.enabled is meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2027-01-01T06:00:00+02:00", "2027-01-01T06:00:00+02:00"),
        ("2027-01-01 06:00", "2027-01-01T06:00:00"),
        ("2027-01-01", "2027-01-01T00:00:00"),
        ("20270101", "2027-01-01T00:00:00"),
        ("2027-01-01T06:00:00Z", "2027-01-01T06:00:00+00:00"),
    ],
)
def test_a_time_is_the_one_that_is_written(written: str, meant: str, tmp_path: Path) -> None:
    form = read(ScheduleForm, f"name: s\ncron: 0 6 * * *\nendpoint: heart\nstart_time: {written}\n", tmp_path)
    assert isinstance(form, ScheduleForm)
    assert form.start_time == meant


@pytest.mark.parametrize("written", ["1798786800", "12:30", "2027-02-30", "tomorrow", "1.5", "NO"])
def test_a_text_that_is_not_a_time_is_refused(written: str, tmp_path: Path) -> None:
    text = f"name: s\ncron: 0 6 * * *\nendpoint: heart\nstart_time: {written}\n"
    assert f"line 4: `start_time`: '{written}' is not a date or time" in complaint(ScheduleForm, text, tmp_path)


def test_an_environment_within_the_file_keeps_its_characters(tmp_path: Path) -> None:
    conda = "dependencies: [python=3.10, {pip: [1.10, '1.10', NO]}]\nvariables: {A: 12:30, B: ~}\n"
    form = read(EnvironmentFile, f"name: e\nconda_file:\n  {conda.replace(chr(10), chr(10) + '  ')}", tmp_path)
    assert isinstance(form, EnvironmentFile)
    text = local_environment(empty_document(), form, ()).conda_file
    assert yaml.load(text, Loader=yaml.BaseLoader) == yaml.load(conda, Loader=yaml.BaseLoader)
    assert yaml.safe_load(text) == yaml.safe_load(conda), "quotes stay where they were"


def test_an_escaped_pair_of_surrogates_is_one_character(tmp_path: Path) -> None:
    form = read(
        DataFile, r'{"name": "d", "path": "x", "description": "\ud83d\ude00", "tags": {"\ud83d\ude00": "y"}}', tmp_path
    )
    assert isinstance(form, DataFile)
    assert (form.description, form.tags) == ("\U0001f600", {"\U0001f600": "y"})


@pytest.mark.parametrize("name", ["name: blue", "name: ~", ""])
def test_a_deployment_in_a_map_has_the_name_of_its_key(name: str, tmp_path: Path) -> None:
    text = f"name: heart\ndeployments:\n  blue:\n    model: azureml:m:1\n    compute: azureml:c\n    {name}\n"
    form = read(EndpointForm, text, tmp_path)
    assert isinstance(form, EndpointForm)
    assert [deployment.name for deployment in form.deployments] == ["blue"]


def test_merged_mappings_may_have_keys_of_their_own_in_any_order(tmp_path: Path) -> None:
    text = """\
name: plain
model: azureml:m:1
compute: azureml:c
tags: &all {<<: &base {a: 1, b: NO}, b: 2}
properties: {<<: *all, c: 3}
"""
    form = read(DeploymentForm, text, tmp_path)
    assert isinstance(form, DeploymentForm)
    assert (form.tags, form.properties) == ({"a": "1", "b": "2"}, {"a": "1", "b": "2", "c": "3"})


def test_an_input_without_a_path_is_not_the_current_folder() -> None:
    with pytest.raises(InvalidInputError, match=r"`inputs.data.path` is ''"):
        read_form(InvocationForm, empty_document({"inputs": {"data": {"path": ""}}}))
