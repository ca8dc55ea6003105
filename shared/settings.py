"""The application's settings, read once from the environment (Functions application settings)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
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
class VmssSettings:
    """Where the virtual machine scale sets are, one for each compute."""

    subscription_id: str = ""
    """`BATCH_VMSS_SUBSCRIPTION_ID`: by default the workspace's subscription."""

    resource_group: str = ""
    """`BATCH_VMSS_RESOURCE_GROUP`: by default the workspace's resource group."""

    name: str = DEFAULT_VMSS_NAME
    """`BATCH_VMSS_NAME`: a scale set's name, `{compute}` standing for the compute's."""

    client_id: str = ""
    """`BATCH_VMSS_CLIENT_ID`: the user-assigned identity that may read and resize them."""

    endpoint: str = DEFAULT_ARM_ENDPOINT
    """`BATCH_VMSS_ENDPOINT`: Azure Resource Manager; another one in a sovereign cloud."""

    def name_of(self, compute: str) -> str:
        """The name of a compute's scale set."""
        return self.name.replace("{compute}", compute)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "VmssSettings":
        """Read the settings; raises SettingsError."""
        name = environment.get("BATCH_VMSS_NAME") or DEFAULT_VMSS_NAME
        if "{compute}" not in name:
            raise SettingsError(f"BATCH_VMSS_NAME {name!r} is not valid: it must contain {{compute}}")
        return cls(
            subscription_id=environment.get("BATCH_VMSS_SUBSCRIPTION_ID") or environment["BATCH_SUBSCRIPTION_ID"],
            resource_group=environment.get("BATCH_VMSS_RESOURCE_GROUP") or environment["BATCH_RESOURCE_GROUP"],
            name=name,
            client_id=environment.get("BATCH_VMSS_CLIENT_ID", ""),
            endpoint=(environment.get("BATCH_VMSS_ENDPOINT") or DEFAULT_ARM_ENDPOINT).rstrip("/"),
        )


@dataclass(frozen=True)
class TelemetrySettings:
    """Where traces, metrics and logs go; the names but one are those of Azure and of OpenTelemetry."""

    folder: str = ""
    """`BATCH_TELEMETRY_FOLDER`: for JSON lines, when they go nowhere else."""

    insights: str = field(default="", repr=False)
    """`APPLICATIONINSIGHTS_CONNECTION_STRING`: Application Insights."""

    has_collector: bool = False
    """`OTEL_EXPORTER_OTLP_ENDPOINT`: a collector that speaks OTLP over HTTP."""

    is_disabled: bool = False
    """`OTEL_SDK_DISABLED=true`: nowhere."""

    @property
    def is_remote(self) -> bool:
        """Whether they go to a service."""
        return bool(self.insights or self.has_collector)

    @property
    def is_on(self) -> bool:
        """Whether they go anywhere."""
        return not self.is_disabled and (self.is_remote or bool(self.folder))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "TelemetrySettings":
        """Read the settings."""
        return cls(
            folder=environment.get("BATCH_TELEMETRY_FOLDER", ""),
            insights=environment.get("APPLICATIONINSIGHTS_CONNECTION_STRING", ""),
            has_collector=bool(environment.get("OTEL_EXPORTER_OTLP_ENDPOINT")),
            is_disabled=environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true",
        )


@dataclass(frozen=True)
class Settings:
    """What a deployment of the application is told from outside."""

    subscription_id: str
    """`BATCH_SUBSCRIPTION_ID`: first part of every resource id."""

    resource_group: str
    """`BATCH_RESOURCE_GROUP`: second part of every resource id."""

    workspace: str
    """`BATCH_WORKSPACE`: third part of every resource id."""

    location: str
    """`BATCH_LOCATION`: the region shown on resources."""

    public_url: str
    """`BATCH_PUBLIC_URL`: base of every absolute link, without a trailing slash."""

    token_issuer: str
    """`BATCH_TOKEN_ISSUER`: the only value of `iss` that is accepted."""

    token_jwks_url: str
    """`BATCH_TOKEN_JWKS_URL`: where the issuer publishes its signing keys."""

    scale_set: str
    """`BATCH_SCALE_SET`: `local`, or `vmss` for Azure."""

    token_audiences: tuple[str, ...] = DEFAULT_TOKEN_AUDIENCES
    """`BATCH_TOKEN_AUDIENCES`: comma-separated values of `aud` that are accepted."""

    role_assignments: str = ""
    """`BATCH_ROLE_ASSIGNMENTS`: who has which role, besides those in tokens; nobody by default."""

    local_scale_set_url: str = ""
    """`BATCH_LOCAL_SCALE_SET_URL`: the local scale set's address, with `BATCH_SCALE_SET=local`."""

    local_scale_set_key: str = field(default="", repr=False)
    """`BATCH_LOCAL_SCALE_SET_KEY`: the key that the local scale set asks for."""

    vmss: VmssSettings = VmssSettings()
    """Where the scale sets of Azure are, with `BATCH_SCALE_SET=vmss`."""

    @property
    def workspace_id(self) -> str:
        """The ARM id of the workspace."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.workspace}"
        )

    @property
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
        """Read the settings; raises SettingsError that names every missing one."""
        required = {
            "subscription_id": "BATCH_SUBSCRIPTION_ID",
            "resource_group": "BATCH_RESOURCE_GROUP",
            "workspace": "BATCH_WORKSPACE",
            "location": "BATCH_LOCATION",
            "public_url": "BATCH_PUBLIC_URL",
            "token_issuer": "BATCH_TOKEN_ISSUER",
            "token_jwks_url": "BATCH_TOKEN_JWKS_URL",
            "scale_set": "BATCH_SCALE_SET",
        }
        missing = [name for name in required.values() if not environment.get(name)]
        if missing:
            raise SettingsError(f"missing application settings: {', '.join(missing)}")
        values = {key: environment[name] for key, name in required.items()}
        audiences = environment.get("BATCH_TOKEN_AUDIENCES", "")
        return cls(
            **(values | {"public_url": values["public_url"].rstrip("/")}),
            token_audiences=tuple(a.strip() for a in audiences.split(",") if a.strip()) or DEFAULT_TOKEN_AUDIENCES,
            role_assignments=environment.get("BATCH_ROLE_ASSIGNMENTS", ""),
            local_scale_set_url=environment.get("BATCH_LOCAL_SCALE_SET_URL", ""),
            local_scale_set_key=environment.get("BATCH_LOCAL_SCALE_SET_KEY", ""),
            vmss=VmssSettings.from_environment(environment),
        )
