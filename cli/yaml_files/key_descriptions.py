"""What docs/yaml.md says of each key, for the published schemas: one text for readers and for editors."""

import re
from pathlib import Path
from typing import Any

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "yaml.md"
_CODE = re.compile(r"`([^`]+)`")

SECTIONS = {
    "EndpointForm": ("Endpoint",),
    "DeploymentForm": ("Deployment", "Settings"),
    "NamedByKey": ("Deployment", "Settings"),
    "SettingKeys": ("Settings",),
    "ComputeForm": ("Compute",),
    "DatastoreForm": ("Datastore",),
    "InvocationForm": ("Input and output of a job",),
    "ScheduleForm": ("Schedule and blob trigger",),
    "TriggerForm": ("Schedule and blob trigger",),
}
"""The sections whose tables are about a form's own keys."""

PREFIXES = {"RetryForm": "retry_settings.", "CodeForm": "code_configuration.", "DefaultsForm": "defaults."}
"""Forms whose keys stand in the tables of others, with what stands before them."""


def describe(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with descriptions of keys that have none, without defaults that say only "not given"."""
    tables = _tables(_PAGE.read_text(encoding="utf-8"))
    for name, form in {**schema.get("$defs", {}), schema["title"]: schema}.items():
        told = {key: text for section in SECTIONS.get(name, ()) for key, text in tables[section].items()}
        if prefix := PREFIXES.get(name):
            rows = (row for table in tables.values() for row in table.items())
            told = {key.removeprefix(prefix): text for key, text in rows if key.startswith(prefix)}
        for key, details in form.get("properties", {}).items():
            if details.get("default", "") is None:
                del details["default"]
            if key in told:
                details.setdefault("description", told[key])
    return schema


def _tables(page: str) -> dict[str, dict[str, str]]:
    """For each section: the keys of its table with their meanings and defaults."""
    tables: dict[str, dict[str, str]] = {}
    for section in page.split("\n## ")[1:]:
        heading, _, text = section.partition("\n")
        rows = (line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `"))
        tables[heading] = {key: _text(row) for row in rows for key in _CODE.findall(row[0])}
    return tables


def _text(row: list[str]) -> str:
    meaning, default = row[1].strip(), row[2].strip(" |") if len(row) > 2 else ""
    if not default:
        return meaning
    return f"{meaning} ({'required' if default == 'required' else f'default: {default}'})"
