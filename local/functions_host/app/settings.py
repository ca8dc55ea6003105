"""The app settings: environment variables, and for missing ones local.settings.json."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.azurite.endpoints import AzuriteEndpoints
from local.functions_host.app.errors import AppSettingError, HostConfigError

LOCAL_SETTINGS_FILE = "local.settings.json"
DEFAULT_CONNECTION = "AzureWebJobsStorage"
_SETTING_REFERENCE = re.compile(r"%([^%]+)%")
# The storage SDKs of .NET replace `UseDevelopmentStorage=true` with this text, which has the default ports.
_DEVELOPMENT_STORAGE = AzuriteEndpoints(blob_port=10000, queue_port=10001, table_port=10002).connection_string


class AppSettings(Mapping[str, str]):
    """The settings that the app and its bindings see."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def resolve(self, text: str) -> str:
        """Return the text with each `%NAME%` replaced by that app setting, as binding properties allow.

        Raises:
            AppSettingError: a named setting does not exist.
        """
        return _SETTING_REFERENCE.sub(lambda match: self._required(match[1], f"named in {text!r}"), text)

    def connection_string(self, connection: str) -> str:
        """Return the storage connection string behind the `connection` property of a binding.

        Raises:
            AppSettingError: it does not exist, or names an identity instead of a connection string.
        """
        name = connection or DEFAULT_CONNECTION
        value = self._values.get(f"AzureWebJobs{name}") or self._values.get(name)
        if value:
            return _DEVELOPMENT_STORAGE if value.strip() == "UseDevelopmentStorage=true" else value
        if any(setting.startswith((f"{name}__", f"AzureWebJobs{name}__")) for setting in self._values):
            raise AppSettingError(
                f"{name}__*",
                "asks for an identity-based connection, which the local host does not support; "
                f"set `{name}` to a storage connection string",
            )
        raise AppSettingError(name, "is missing; the storage bindings need it: set a storage connection string")

    def is_disabled(self, function: str) -> bool:
        """Return True if `AzureWebJobs.<function>.Disabled` (or its form with underscores) is on."""
        names = (f"AzureWebJobs.{function}.Disabled", f"AzureWebJobs_{function}_Disabled")
        return any(self._values.get(name, "").strip().lower() in {"1", "true"} for name in names)

    def _required(self, name: str, where: str) -> str:
        value = self._values.get(name)
        if value is None:
            raise AppSettingError(name, f"is missing; it is {where}")
        return value


def read_settings(app_root: Path, environment: Mapping[str, str]) -> AppSettings:
    """Return the `Values` of the app's local.settings.json. Variables of the environment override them.

    Raises:
        HostConfigError: the file is not a JSON object of text values, or is encrypted.
    """
    return AppSettings({**_local_values(app_root / LOCAL_SETTINGS_FILE), **environment})


def _local_values(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    content = read_json_object(file)
    if content.get("IsEncrypted"):
        raise HostConfigError(file.name, "IsEncrypted", "is true; the local host reads plain settings only")
    values = content.get("Values", {})
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise HostConfigError(file.name, "Values", "must be an object whose values are all text")
    return values


def read_json_object(file: Path) -> dict[str, object]:
    """Return the JSON object in `file`.

    Raises:
        HostConfigError: the file cannot be read, or is not a JSON object.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise HostConfigError(file.name, "$", f"cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise HostConfigError(file.name, "$", f"must be a JSON object, not {type(content).__name__}")
    return content
