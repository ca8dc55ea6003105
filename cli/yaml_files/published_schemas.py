"""JSON Schemas of the YAML files, which let editors complete and check them.

They are made from the forms that `bml` itself reads with, and from docs/yaml.md. `python -m
cli.yaml_files.published_schemas` writes them to shared/schemas, from where the application serves them at
`/schemas/<name>.schema.json`.
"""

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import CoreSchema

import shared.schemas
from cli.yaml_files.asset_forms import DataFile, EnvironmentFile, ModelFile
from cli.yaml_files.compute_form import ComputeForm
from cli.yaml_files.datastore_form import DatastoreForm
from cli.yaml_files.deployment_form import DeploymentForm
from cli.yaml_files.endpoint_form import EndpointForm
from cli.yaml_files.form import FileForm
from cli.yaml_files.invocation_form import InvocationForm
from cli.yaml_files.key_descriptions import describe
from cli.yaml_files.schedule_form import ScheduleForm
from cli.yaml_files.trigger_form import TriggerForm

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
"""Named as Azure ML names its own, where it has one."""

FOLDER = Path(shared.schemas.__file__).parent


class _Generator(GenerateJsonSchema):
    """Without the titles that pydantic makes of the names of keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def generate(self, schema: CoreSchema, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        """The schema, with the dialect that it is in."""
        return {"$schema": self.schema_dialect} | super().generate(schema, mode)


def schema_text(form: type[FileForm]) -> str:
    """The JSON Schema of a file."""
    schema = describe(form.model_json_schema(schema_generator=_Generator))
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write_all(folder: Path = FOLDER) -> None:
    """Write all schemas."""
    for name, form in SCHEMAS.items():
        (folder / f"{name}.schema.json").write_text(schema_text(form), encoding="utf-8")


if __name__ == "__main__":
    write_all()
