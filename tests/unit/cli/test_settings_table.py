"""One declaration in the table of settings reaches every place that knows settings."""

import json
import subprocess
import sys
from typing import Any

import pytest

from cli.yaml_files.published_schemas import PAGES, with_tables

pytestmark = pytest.mark.unit

TOY_AND_WHAT_FOLLOWS = '''
import importlib.util, json, sys
from pathlib import Path
from types import SimpleNamespace

spec = importlib.util.find_spec("shared.contracts.settings_table")
table = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
source = Path(spec.origin).read_text()
place = "    mini_batch_size: Annotated["
assert source.count(place) == 1
toy = """    toy_seconds: Annotated[
        float, Setting(meaning="seconds that a toy may take", key="toys.limit", default=7, at_most=9, short_option="-y")
    ]
    fixed: Annotated[int, Setting(meaning="what no job overrides", default=1, for_jobs=False)]
    pause_seconds: Annotated[float | None, Setting(meaning="seconds without a default", key="pause")]
    word: Annotated[LoggingLevel | None, Setting(meaning="a word without a default")]
"""
exec(compile(source.replace(place, toy + place), spec.origin, "exec"), table.__dict__)

from click.testing import CliRunner

from cli.api.views import deployment_view
from cli.commands.invoke import invoke
from cli.deploy.updates import _changed
from cli.deploy.property_changes import PropertyChanges
from cli.invocation.overrides import set_override
from cli.output.errors import CliError
from cli.yaml_files.deployment_form import DeploymentForm, wire_settings
from cli.yaml_files.document import YamlDocument
from cli.yaml_files.form import read_form
from cli.yaml_files.published_schemas import PAGES, schema_text, with_tables
from shared.contracts.bodies import parse_model
from shared.contracts.invoke import InvokeProperties, merged_settings, scoring_settings
from shared.contracts.resources import DeploymentProperties
from shared.triggers.http.framework.job_views import settings_view

def form(**settings):
    content = {"name": "first", "model": "azureml:m:1", "compute": "azureml:c", "settings": settings}
    return read_form(DeploymentForm, YamlDocument(Path("d.yml"), content, {}))

def complaint(**settings):
    try:
        form(**settings)
    except CliError as error:
        return str(error)

def refusal_of_override(assignment):
    try:
        set_override({}, assignment)
    except CliError as error:
        return str(error)

wire = wire_settings(form(toys={"limit": 8}, fixed=2))
deployment = parse_model(DeploymentProperties, {"model": {"assetId": "m"}, "compute": "c", **wire})
body = {}
set_override(body, "toys.limit=5")
job = merged_settings(scoring_settings(deployment), parse_model(InvokeProperties, body), 1)
shown = settings_view(SimpleNamespace(compute="c", settings=job))
resource = {"name": "first", "id": "/batchEndpoints/e/deployments/first", "properties": deployment.to_arm()}
print(json.dumps({
    "wire": wire,
    "default": DeploymentProperties.model_validate({"model": {"assetId": "m"}, "compute": "c"}).to_arm()["toys"],
    "complaint": complaint(toys={"limit": 10}),
    "schema": json.loads(schema_text(DeploymentForm))["$defs"]["ToysForm"]["properties"]["limit"]["description"],
    "help": CliRunner().invoke(invoke, ["--help"]).output,
    "deployment": scoring_settings(deployment).toy_seconds,
    "override": body,
    "refusal": refusal_of_override("fixed=3"),
    "left out": [scoring_settings(deployment).pause_seconds, job.word, shown["pause"]],
    "given": scoring_settings(parse_model(
        DeploymentProperties,
        {"model": {"assetId": "m"}, "compute": "c", **wire_settings(form(pause=3, word="debug"))},
    )).model_dump(include={"pause_seconds", "word"}),
    "fixed": merged_settings(scoring_settings(deployment), parse_model(InvokeProperties, {"fixed": 3}), 1).fixed,
    "job": job.toy_seconds,
    "shown deployment": deployment_view(resource)["toys"],
    "shown job": shown["toys"],
    "changed": wire_settings(_changed(resource, PropertyChanges(("toys.limit=6",))))["toys"],
    "pages": [with_tables(page.read_text()) for page in PAGES],
}))
'''


@pytest.fixture(scope="module")
def toy() -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", TOY_AND_WHAT_FOLLOWS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_new_setting_is_a_key_of_the_files(toy: dict[str, Any]) -> None:
    assert toy["schema"] == "seconds that a toy may take, at most 9 (default: 7)"
    assert "`settings.toys.limit` is 10; it should be less than or equal to 9" in toy["complaint"]
    assert toy["wire"] == {"toys": {"limit": "PT8S"}, "fixed": 2}
    assert toy["changed"] == {"limit": "PT6S"}


def test_a_new_setting_is_an_option_of_an_invocation(toy: dict[str, Any]) -> None:
    assert "-y, --limit INTEGER RANGE" in toy["help"]
    assert "Seconds that a toy may take." in toy["help"]
    assert toy["override"] == {"toys": {"limit": "PT5S"}}


def test_a_new_setting_is_merged_into_a_job(toy: dict[str, Any]) -> None:
    assert (toy["default"], toy["deployment"], toy["job"]) == ({"limit": "PT7S"}, 8, 5)


def test_a_job_does_not_override_a_setting_that_is_only_for_deployments(toy: dict[str, Any]) -> None:
    assert toy["refusal"] == "--set 'fixed' cannot be overridden by a job"
    assert "--fixed" not in toy["help"]
    assert toy["fixed"] == 2


def test_a_setting_may_do_without_a_default(toy: dict[str, Any]) -> None:
    assert toy["left out"] == [None, None, None]
    assert toy["given"] == {"pause_seconds": 3, "word": "Debug"}
    assert "| `pause` | seconds without a default | |" in toy["pages"][0]


def test_a_new_setting_is_shown(toy: dict[str, Any]) -> None:
    assert toy["shown deployment"] == {"limit": 8}
    assert toy["shown job"] == {"limit": "PT5S"}


def test_a_new_setting_is_in_the_tables_of_the_pages(toy: dict[str, Any]) -> None:
    keys, options = toy["pages"]
    assert "| `toys.limit` | seconds that a toy may take, at most 9 | 7 |" in keys
    assert "| `-y/--limit` | `toys.limit` | seconds that a toy may take, at most 9 |" in options


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_todays_table(page: Any) -> None:
    text = page.read_text()
    assert "of settings, written by" in text
    assert text == with_tables(text), "run python -m cli.yaml_files.published_schemas"
