"""The Kusto queries of the project: those of alert rules and those of the workbook."""

import json
from functools import cache
from typing import Any

from tests.unit.infra.bicep_files import INFRA

WORKBOOK = INFRA / "workbooks/batch-endpoints.json"
FILLED_IN = {"{TimeRange:grain}": "5m", "{Job}": "job-1", "{Compute}": "cpu-cluster"}
"""The workbook's parameters and what a reader may choose."""


@cache
def workbook() -> dict[str, Any]:
    """The workbook as the portal reads it."""
    return dict(json.loads(WORKBOOK.read_text(encoding="utf-8")))


def queries() -> dict[str, str]:
    """All queries by name, the workbook's parameters filled in."""
    found = {path.stem: path.read_text(encoding="utf-8") for path in sorted(INFRA.glob("alerts/*.kql"))}
    for item in workbook()["items"]:
        asking = [item["content"], *item["content"].get("parameters", [])]
        for one in (one for one in asking if "query" in one):
            found[f"{item['name']} of the workbook"] = one["query"]
    for placeholder, value in FILLED_IN.items():
        found = {name: text.replace(placeholder, value) for name, text in found.items()}
    return found
