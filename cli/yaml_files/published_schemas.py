"""JSON Schemas of the YAML files, with which editors complete and check them, and the tables of settings in docs/.

The schemas are made from the forms that `bml` itself uses, and from docs/yaml.md. `python -m
cli.yaml_files.published_schemas` writes the tables to their pages and the schemas to shared/schemas. The application
serves the schemas at `/schemas/<name>.schema.json`.
"""

import json
import re
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import CoreSchema

import shared.schemas
from cli.yaml_files.asset_forms import DataFile, EnvironmentFile, ModelFile
from cli.yaml_files.deployment_form import DeploymentForm
from cli.yaml_files.endpoint_form import EndpointForm
from cli.yaml_files.form import FileForm
from cli.yaml_files.invocation_forms import InvocationForm, ScheduleForm, TriggerForm
from cli.yaml_files.resource_forms import ComputeForm, DatastoreForm
from shared.contracts.settings_table import JOB_SETTINGS, SETTINGS

SCHEMAS: dict[str, type[FileForm]] = {
    "batchEndpoint": EndpointForm,
    "batchDeployment": DeploymentForm,
    "modelBatchDeployment": DeploymentForm,
    "amlCompute": ComputeForm,
    "model": ModelFile,
    "data": DataFile,
    "azureBlob": DatastoreForm,
    "environment": EnvironmentFile,
    "batchInvocation": InvocationForm,
    "schedule": ScheduleForm,
    "blobTrigger": TriggerForm,
}
"""The forms by the name of their schema, which is Azure ML's name where it has one."""

FOLDER = Path(shared.schemas.__file__).parent
_DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = (_DOCS / "yaml.md", _DOCS / "cli.md")
"""The pages that have a table of settings."""


_CODE = re.compile(r"`([^`]+)`")

SECTIONS = {
    "EndpointForm": ("Endpoint",),
    "DeploymentForm": ("Deployment",),
    "NamedByKey": ("Deployment",),
    "ComputeForm": ("Compute",),
    "DatastoreForm": ("Datastore",),
    "InvocationForm": ("Input and output of a job",),
    "ScheduleForm": ("Schedule and blob trigger",),
    "TriggerForm": ("Schedule and blob trigger",),
}
"""The sections whose tables describe the keys of each form."""

PREFIXES = {"CodeForm": "code_configuration.", "DefaultsForm": "defaults."}
"""Forms whose keys are in the tables of other forms, with their prefix there."""


class _Generator(GenerateJsonSchema):
    """Leaves out the titles that pydantic makes from the names of keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def generate(self, schema: CoreSchema, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        """Return the schema with the name of its dialect."""
        return {"$schema": self.schema_dialect} | super().generate(schema, mode)


def schema_text(form: type[FileForm]) -> str:
    """Return the JSON Schema of a file."""
    schema = describe(form.model_json_schema(schema_generator=_Generator))
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write_all(folder: Path = FOLDER) -> None:
    """Write the tables of settings and all schemas."""
    for page in PAGES:
        page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")
    for name, form in SCHEMAS.items():
        (folder / f"{name}.schema.json").write_text(schema_text(form), encoding="utf-8")


def with_tables(page: str) -> str:
    """Return the page with today's tables of settings between their marks."""
    for name, rows in (("keys", _rows_of_keys()), ("options", _rows_of_options())):
        mark = f"<!-- {name} of settings, written by python -m cli.yaml_files.published_schemas -->"
        before, found, rest = page.partition(mark)
        if found:
            lines = "\n".join(f"| {' | '.join(cells)} |".replace("  ", " ") for cells in rows)
            page = f"{before}{mark}\n\n{lines}\n\n<!-- end -->{rest.partition('<!-- end -->')[2]}"
    return page


def _rows_of_keys() -> list[tuple[str, str, str]]:
    rows = [(f"`{setting.key}`", setting.description, setting.default_text) for setting in SETTINGS]
    return [("key", "meaning", "default"), ("---", "---", "---"), *rows]


def _rows_of_options() -> list[tuple[str, str, str]]:
    rows = [("option", "`--set KEY=VALUE`", "effect"), ("---", "---", "---")]
    for setting in JOB_SETTINGS:
        is_map = setting.type is dict
        option = f"`{'/'.join(setting.options)}{' K=V' if is_map else ''}`"
        rows.append((option, f"`{setting.key}{'.KEY' if is_map else ''}`", setting.effect))
    return rows


def describe(schema: dict[str, Any]) -> dict[str, Any]:
    """Add missing descriptions of keys to the schema, and drop the defaults that are null."""
    tables = _tables(PAGES[0].read_text(encoding="utf-8"))
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
    """Return, for each section, the keys of its table with their meanings and defaults."""
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


if __name__ == "__main__":
    write_all()
