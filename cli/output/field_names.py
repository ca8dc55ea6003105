"""Fields of the management API under the names that YAML files and options have for them."""

import re

_FIELD = re.compile(r"\bproperties\.[A-Za-z][\w.]*\w|^[a-z]+(?:\.[a-z]+)*[A-Z][\w.]*\b")
"""Below `properties`, or what a message about the body of an invocation begins with."""
_AROUND = re.compile(
    r"^properties\.(?:properties\.|trigger\.|action\.endpointInvocationDefinition\.(?:properties\.)?)?"
)
_OWN_NAMES = {
    "environment_id": "environment",
    "code_configuration.code_id": "code_configuration.code",
    "model.asset_id": "model",
    "expression": "cron",
    "scale_settings.min_node_count": "min_instances",
    "scale_settings.max_node_count": "max_instances",
    "resources.instance_count": "instance_count",
    "notification_setting.webhooks": "webhooks",
}


def in_files_words(message: str) -> str:
    """`properties.retrySettings.maxRetries` in a message of the service as `retry_settings.max_retries`."""
    return _FIELD.sub(lambda found: _file_name(found[0]), message).removeprefix("properties: ")


def name_in_files(name: str) -> str:
    """`deploymentName` as `deployment_name`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _file_name(field: str) -> str:
    name = name_in_files(_AROUND.sub("", field))
    for own, files in _OWN_NAMES.items():
        name = re.sub(rf"^{re.escape(own)}\b", files, name)
    return name
