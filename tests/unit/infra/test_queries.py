"""Alert rules and workbook ask for what the code tells, under the names that it has there."""

import ast
import re
from typing import Any

import pytest

from shared.contracts.job import JobStatus
from shared.contracts.progress import NodeState
from shared.observability import names
from tests.unit.infra.bicep_files import INFRA, REPOSITORY, file_named
from tests.unit.infra.queries import FILLED_IN, queries, workbook

pytestmark = pytest.mark.unit

METRICS = {value for name, value in vars(names).items() if name.isupper() and str(value).startswith("batch.")}
MEASURING = (
    "shared/observability/measurements.py",
    "shared/observability/tracing.py",
    "scorer_container/node/tasks/telemetry.py",
)
"""Where measurements get their labels."""

SPANS = {names.INVOKE, names.PLAN, names.ALLOCATE, names.MERGE, names.FINISH, names.PREPARE, names.TASK} | {
    names.MINI_BATCH
}


def _labels() -> set[str]:
    """The keys of the labels that the code gives to measurements."""
    trees = [ast.parse((REPOSITORY / path).read_text(encoding="utf-8")) for path in MEASURING]
    dicts = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    return {str(key.value) for one in dicts for key in one.keys if isinstance(key, ast.Constant)}


def _rules() -> list[dict[str, Any]]:
    return list(file_named("app/alerts.bicep").variables["rules"])


@pytest.mark.parametrize("name", queries())
def test_queries_ask_for_metrics_labels_and_spans_of_the_code(name: str) -> None:
    text = queries()[name]
    named = set(re.findall(r"'(batch\.[\w.]+)'", text))
    assert named <= METRICS
    if "customMetrics" in text:
        keys = set(re.findall(r"customDimensions\['(\w+)'\]", text))
        assert keys <= _labels()
    for spans in re.findall(r"name in \((?!'batch)([^)]+)\)", text):
        assert set(re.findall(r"'(\w+)'", spans)) <= SPANS


def test_values_that_queries_compare_with_are_those_of_the_code() -> None:
    text = "\n".join(queries().values())
    compared = set(re.findall(r"status(?:'\]\))? == '(\w+)'", text))
    assert compared <= {status.value for status in JobStatus}
    assert set(re.findall(r"state == '(\w+)'", text)) <= {state.value for state in NodeState}
    assert set(re.findall(r"cloud_RoleName [!=]= '([\w-]+)'", text)) <= {names.APP_SERVICE, names.NODE_SERVICE}


def test_functions_that_queries_name_exist() -> None:
    sources = "\n".join(path.read_text("utf-8") for path in (REPOSITORY / "shared/triggers").rglob("*.py"))
    named = {function for text in queries().values() for function in re.findall(r"where name == '(\w+)'", text)}
    assert named == {"scale_computes"}
    assert all(f"def {function}(" in sources for function in named)


def test_every_metric_is_looked_at() -> None:
    text = "\n".join(queries().values())
    ids = {names.JOB, names.TASK_NUMBER, names.NODE, names.COMPUTE, names.PART, names.ENDPOINT, names.DEPLOYMENT}
    assert [metric for metric in METRICS - ids if f"'{metric}'" not in text] == []


def test_every_alert_query_has_one_rule_that_measures_and_splits_by_its_columns() -> None:
    files = {path.name for path in INFRA.glob("alerts/*.kql")}
    for rule in _rules():
        file = rule["query"]["function"]["parameters"]["file_path"].removeprefix("../alerts/")
        assert file == f"{rule['name']}.kql"
        files.remove(file)
        text = queries()[rule["name"]]
        last = re.split(r"\| (?:summarize|project) ", text)[-1]
        assert {rule["measure"], *rule["splitBy"]} <= set(re.findall(r"\w+", last)), rule["name"]
    assert not files


def test_alert_rules_look_often_enough_to_miss_nothing() -> None:
    minutes = {"PT5M": 5, "PT15M": 15, "PT30M": 30, "PT1H": 60, "PT6H": 360}
    for rule in _rules():
        assert minutes[rule["frequency"]] <= minutes[rule["window"]]
        assert rule["severity"] in {1, 2, 3}


def test_every_alert_is_explained() -> None:
    page = (REPOSITORY / "docs/operate.md").read_text(encoding="utf-8")
    (section,) = re.findall(r"\n## Alerts\n(.*?)\n## ", page, re.DOTALL)
    assert re.findall(r"^\| `([\w-]+)` \|", section, re.MULTILINE) == [rule["name"] for rule in _rules()]


def test_the_workbook_has_named_parts_that_follow_its_parameters() -> None:
    items = workbook()["items"]
    assert workbook()["version"] == "Notebook/1.0"
    assert len({item["name"] for item in items}) == len(items)
    (given,) = [item["content"]["parameters"] for item in items if item["type"] == 9]
    parameters = {one["name"] for one in given}
    for item in (item for item in items if item["type"] == 3):
        content = item["content"]
        assert content["timeContextFromParameter"] == "TimeRange"
        assert content["resourceType"] == "microsoft.insights/components"
        used = re.findall(r"\{(\w+)(?::\w+)?\}", content["query"])
        assert set(used) <= parameters, item["name"]
    assert {re.split(r"[{}:]", one)[1] for one in FILLED_IN} == parameters
    assert workbook()["fallbackResourceIds"] == ["{insightsId}"]
    assert "'{insightsId}', insights.id" in file_named("app/workbook.bicep").text
