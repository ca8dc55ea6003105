"""Microsoft's own parser and analyser finds nothing wrong in the queries of alert rules and workbook."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from local.azurite.installation import ensure_installed, find_node
from tests.unit.infra.queries import queries

pytestmark = pytest.mark.integration

PROGRAM = Path(__file__).parent / "kusto"

_OF_ALL = (
    "timestamp:datetime, itemType:string, itemId:string, itemCount:int, customDimensions:dynamic, operation_Id:string"
    ", operation_Name:string, operation_ParentId:string, cloud_RoleName:string, cloud_RoleInstance:string"
)
_OF_CALLS = "id:string, name:string, success:string, resultCode:string, duration:real, performanceBucket:string"
TABLES = {
    "customMetrics": "name:string, value:real, valueCount:int, valueSum:real, valueMin:real, valueMax:real",
    "dependencies": f"{_OF_CALLS}, target:string, type:string, data:string",
    "exceptions": "type:string, problemId:string, message:string, outerType:string, outerMessage:string"
    ", severityLevel:int, details:dynamic",
    "requests": f"{_OF_CALLS}, source:string, url:string",
    "traces": "message:string, severityLevel:int",
}
"""Application Insights' tables with the columns that are of use here. Source: Microsoft's reference of its tables."""


def _problems(asked: dict[str, str]) -> dict[str, list[str]]:
    node = find_node()
    ensure_installed(node, PROGRAM)
    tables = {name: f"({columns}, {_OF_ALL})" for name, columns in TABLES.items()}
    run = subprocess.run(
        [node.program, PROGRAM / "check.js"],
        input=json.dumps({"tables": tables, "queries": asked}),
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return dict(json.loads(run.stdout))


def test_queries_are_what_kusto_understands() -> None:
    found = _problems(queries())
    assert {name: problems for name, problems in found.items() if problems} == {}


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("customMetrics | where nam == 'x'", "The name 'nam' does not refer"),
        ("customMetric | take 1", "The name 'customMetric' does not refer"),
        ("customMetrics | sumarize count()", "Query operator expected"),
        ("traces | where message > ago(1d)", "type"),
    ],
)
def test_mistakes_would_be_found(query: str, problem: str) -> None:
    assert any(problem in said for said in _problems({"wrong": query})["wrong"])
