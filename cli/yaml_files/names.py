"""Names in YAML files, checked by the service's own rules."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from cli.yaml_files.form import Text
from shared.contracts.names import (
    ASSET_NAME,
    ASSET_VERSION,
    COMPUTE_NAME,
    DEPLOYMENT_NAME,
    ENDPOINT_NAME,
    OUTPUT_FILE_NAME,
    SCHEDULE_NAME,
    TRIGGER_NAME,
    NameRule,
)
from shared.errors import ValidationError


@dataclass(frozen=True)
class _InSchema:
    """Lets editors check a name."""

    rule: NameRule

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """What the schema says of the text, and the rule."""
        return handler(core) | {"pattern": f"^(?:{self.rule.pattern.pattern})$", "description": self.rule.accepted}


def _named_by(rule: NameRule) -> Any:
    """A validator that explains a bad name."""

    def check(value: str) -> str:
        try:
            return rule.check(value)
        except ValidationError as error:
            raise ValueError(error.message) from None

    return AfterValidator(check)


DeploymentName = Annotated[Text, _named_by(DEPLOYMENT_NAME), _InSchema(DEPLOYMENT_NAME)]
EndpointName = Annotated[Text, _named_by(ENDPOINT_NAME), _InSchema(ENDPOINT_NAME)]
OutputFileName = Annotated[Text, _named_by(OUTPUT_FILE_NAME), _InSchema(OUTPUT_FILE_NAME)]
ComputeName = Annotated[Text, _named_by(COMPUTE_NAME), _InSchema(COMPUTE_NAME)]
ScheduleName = Annotated[Text, _named_by(SCHEDULE_NAME), _InSchema(SCHEDULE_NAME)]
TriggerName = Annotated[Text, _named_by(TRIGGER_NAME), _InSchema(TRIGGER_NAME)]
AssetName = Annotated[Text, _named_by(ASSET_NAME), _InSchema(ASSET_NAME)]
AssetVersion = Annotated[Text, _named_by(ASSET_VERSION), _InSchema(ASSET_VERSION)]
