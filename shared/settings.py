"""The application's settings, read once from the environment (Functions application settings)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from functools import cached_property
from typing import Annotated, Any, TypeVar, get_type_hints
from urllib.parse import urlsplit

from shared.errors import ProductError

DEFAULT_TOKEN_AUDIENCES = (
    "https://management.azure.com",
    "https://management.core.windows.net",  # what `az account get-access-token` asks for without `--resource`
    "https://ml.azure.com",
)
DEFAULT_VMSS_NAME = "{compute}"
DEFAULT_ARM_ENDPOINT = "https://management.azure.com"

_IDENTIFIER = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class SettingsError(ProductError):
    """An application setting is missing or wrong."""


@dataclass(frozen=True)
class Variable:
    """The environment variable of a field of a settings class. It annotates the field's type."""

    name: str
    read: Callable[[str], Any] = str
    """Returns the value of a text. Raises ValueError that says what to use instead."""
    fallback: str = ""
    """The variable that is read if the first one is not set."""

    def text(self, environment: Mapping[str, str]) -> str:
        """Return the text of the variable, which is empty if it is not set."""
        return environment.get(self.name) or (environment.get(self.fallback, "") if self.fallback else "")

    def value(self, text: str) -> Any:
        """Return the value of the text. Raises SettingsError."""
        try:
            return self.read(text)
        except ValueError as error:
            raise SettingsError(f"{self.name} {text!r} is not valid: {error}") from error


Declared = TypeVar("Declared")
"""A dataclass whose fields are annotated with their variables."""


def read_settings(kind: type[Declared], environment: Mapping[str, str], what: str = "application settings") -> Declared:
    """Read all variables that the fields of `kind` declare. A variable that is empty counts as missing.

    Raises SettingsError that names every missing one of `what`, or the first that is not valid.
    """
    required = {each.name for each in fields(kind) if each.default is each.default_factory is MISSING}  # type: ignore[arg-type]
    declared = {
        name: variable
        for name, hint in get_type_hints(kind, include_extras=True).items()
        for variable in getattr(hint, "__metadata__", ())
        if isinstance(variable, Variable)
    }
    texts = {name: variable.text(environment) for name, variable in declared.items()}
    if missing := [declared[name].name for name, text in texts.items() if not text and name in required]:
        raise SettingsError(f"missing {what}: {', '.join(missing)}")
    return kind(**{name: declared[name].value(text) for name, text in texts.items() if text})


def _address(text: str) -> str:
    return text.rstrip("/")


def _scale_set_name(text: str) -> str:
    if "{compute}" not in text:
        raise ValueError("it must contain {compute}")
    return text


def _audiences(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip()) or DEFAULT_TOKEN_AUDIENCES


@dataclass(frozen=True)
class VmssSettings:
    """Where the virtual machine scale sets are, one for each compute."""

    subscription_id: Annotated[str, Variable("BATCH_VMSS_SUBSCRIPTION_ID", fallback="BATCH_SUBSCRIPTION_ID")] = ""
    """By default the workspace's subscription."""

    resource_group: Annotated[str, Variable("BATCH_VMSS_RESOURCE_GROUP", fallback="BATCH_RESOURCE_GROUP")] = ""
    """By default the workspace's resource group."""

    name: Annotated[str, Variable("BATCH_VMSS_NAME", _scale_set_name)] = DEFAULT_VMSS_NAME
    """The name of a scale set. `{compute}` stands for the name of the compute."""

    client_id: Annotated[str, Variable("BATCH_VMSS_CLIENT_ID")] = ""
    """The user-assigned identity that may read and resize them."""

    endpoint: Annotated[str, Variable("BATCH_VMSS_ENDPOINT", _address)] = DEFAULT_ARM_ENDPOINT
    """Azure Resource Manager; a sovereign cloud has another one."""

    def name_of(self, compute: str) -> str:
        """Return the name of a compute's scale set."""
        return self.name.replace("{compute}", compute)


def _is_true(text: str) -> bool:
    return text.strip().lower() == "true"


@dataclass(frozen=True)
class TelemetrySettings:
    """Where traces, metrics and logs go. All names but the first are Azure's and OpenTelemetry's own."""

    folder: Annotated[str, Variable("BATCH_TELEMETRY_FOLDER")] = ""
    """The folder for JSON lines. It is used only if telemetry goes nowhere else."""

    insights: Annotated[str, Variable("APPLICATIONINSIGHTS_CONNECTION_STRING")] = field(default="", repr=False)
    """Application Insights."""

    has_collector: Annotated[bool, Variable("OTEL_EXPORTER_OTLP_ENDPOINT", bool)] = False
    """Whether a collector takes OTLP over HTTP."""

    is_disabled: Annotated[bool, Variable("OTEL_SDK_DISABLED", _is_true)] = False
    """Whether telemetry goes nowhere."""

    @property
    def is_remote(self) -> bool:
        """Whether telemetry goes to a service."""
        return bool(self.insights or self.has_collector)

    @property
    def is_on(self) -> bool:
        """Whether telemetry goes anywhere."""
        return not self.is_disabled and (self.is_remote or bool(self.folder))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "TelemetrySettings":
        """Read the settings."""
        return read_settings(cls, environment)


@dataclass(frozen=True)
class Settings:
    """The settings of one deployment of the application."""

    subscription_id: Annotated[str, Variable("BATCH_SUBSCRIPTION_ID")]
    """First part of every resource id."""

    resource_group: Annotated[str, Variable("BATCH_RESOURCE_GROUP")]
    """Second part of every resource id."""

    workspace: Annotated[str, Variable("BATCH_WORKSPACE")]
    """Third part of every resource id."""

    location: Annotated[str, Variable("BATCH_LOCATION")]
    """The region shown on resources."""

    public_url: Annotated[str, Variable("BATCH_PUBLIC_URL", _address)]
    """Base of every absolute link, without a trailing slash."""

    token_issuer: Annotated[str, Variable("BATCH_TOKEN_ISSUER")]
    """The only value of `iss` that is accepted."""

    token_jwks_url: Annotated[str, Variable("BATCH_TOKEN_JWKS_URL")]
    """Where the issuer publishes its signing keys."""

    scale_set: Annotated[str, Variable("BATCH_SCALE_SET")]
    """`local`, or `vmss` for Azure."""

    token_audiences: Annotated[tuple[str, ...], Variable("BATCH_TOKEN_AUDIENCES", _audiences)] = DEFAULT_TOKEN_AUDIENCES
    """The values of `aud` that are accepted. The variable separates them by commas."""

    role_assignments: Annotated[str, Variable("BATCH_ROLE_ASSIGNMENTS")] = ""
    """JSON: who has which role, in addition to the roles in tokens. By default nobody."""

    local_scale_set_url: Annotated[str, Variable("BATCH_LOCAL_SCALE_SET_URL")] = ""
    """The local scale set's address, with `scale_set` `local`."""

    local_scale_set_key: Annotated[str, Variable("BATCH_LOCAL_SCALE_SET_KEY")] = field(default="", repr=False)
    """The key that the local scale set asks for."""

    vmss: VmssSettings = VmssSettings()
    """Where the scale sets of Azure are, with `scale_set` `vmss`."""

    @cached_property
    def workspace_id(self) -> str:
        """The ARM id of the workspace."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.workspace}"
        )

    @cached_property
    def is_on_loopback(self) -> bool:
        """Whether only users of this machine can reach the service, as `public_url` says."""
        host = urlsplit(self.public_url).hostname or ""
        return host in {"localhost", "::1"} or host.startswith("127.")

    @property
    def tenant_id(self) -> str:
        """The tenant of the tokens: the part of the issuer's address that is an identifier."""
        return next((part for part in self.token_issuer.split("/") if _IDENTIFIER.fullmatch(part)), "")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises SettingsError that names every missing one."""
        return replace(read_settings(cls, environment), vmss=read_settings(VmssSettings, environment))
