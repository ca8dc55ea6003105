"""Names in YAML files, checked by the service's own rules."""

from typing import Annotated, Any

from pydantic import AfterValidator

from cli.yaml_files.form import Text
from shared.contracts.names import (
    ASSET_NAME,
    ASSET_VERSION,
    COMPUTE_NAME,
    DEPLOYMENT_NAME,
    ENDPOINT_NAME,
    OUTPUT_FILE_NAME,
    NameRule,
)
from shared.errors import ValidationError


def _named_by(rule: NameRule) -> Any:
    """A validator that explains a bad name."""

    def check(value: str) -> str:
        try:
            return rule.check(value)
        except ValidationError as error:
            raise ValueError(error.message) from None

    return AfterValidator(check)


DeploymentName = Annotated[Text, _named_by(DEPLOYMENT_NAME)]
EndpointName = Annotated[Text, _named_by(ENDPOINT_NAME)]
OutputFileName = Annotated[Text, _named_by(OUTPUT_FILE_NAME)]
ComputeName = Annotated[Text, _named_by(COMPUTE_NAME)]
AssetName = Annotated[Text, _named_by(ASSET_NAME)]
AssetVersion = Annotated[Text, _named_by(ASSET_VERSION)]
