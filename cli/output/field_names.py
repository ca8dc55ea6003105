"""Fields of the management API under the names that YAML files and options use."""

import re

_FIELD = re.compile(r"\bproperties\.[A-Za-z][\w.]*\w|^[a-z]+(?:\.[a-z]+)*[A-Z][\w.]*\b")
"""A field below `properties`, or the field at the start of a message about the body of an invocation."""
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
    "notification_setting.webhooks": "webhooks",
}


def in_files_words(message: str) -> str:
    """Replace names such as `properties.retrySettings.maxRetries` in a message with `retry_settings.max_retries`."""
    return _FIELD.sub(lambda found: _file_name(found[0]), message).removeprefix("properties: ")


def name_in_files(name: str) -> str:
    """Return `AppendRow` or `appendRow` as `append_row`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _file_name(field: str) -> str:
    from shared.contracts.settings_table import SETTINGS

    name = name_in_files(_AROUND.sub("", field))
    settings = {setting.member: setting.key for setting in SETTINGS if setting.member != setting.key}
    for own, files in (_OWN_NAMES | settings).items():
        name = re.sub(rf"^{re.escape(own)}\b", files, name)
    return name
