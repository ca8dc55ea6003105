"""The environments of the stack's processes. The names are those of `shared/settings.py`."""

from __future__ import annotations

from collections.abc import Mapping

from local.processes.ports import LOOPBACK
from local.stack.setup import LOCATION, RESOURCE_GROUP, WORKSPACE, StackSetup

SCALE_SET_KEY = "BATCH_LOCAL_SCALE_SET_KEY"
STORAGE = "AzureWebJobsStorage"
TELEMETRY_FOLDER = "BATCH_TELEMETRY_FOLDER"
_PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy"})


def application_settings(setup: StackSetup) -> Mapping[str, str]:
    """The application settings of the Function App on this stack."""
    return {
        STORAGE: setup.storage.connection_string,
        "BATCH_SUBSCRIPTION_ID": setup.subscription_id,
        "BATCH_RESOURCE_GROUP": RESOURCE_GROUP,
        "BATCH_WORKSPACE": WORKSPACE,
        "BATCH_LOCATION": LOCATION,
        "BATCH_PUBLIC_URL": setup.management_url,
        "BATCH_TOKEN_ISSUER": setup.token_issuer,
        "BATCH_TOKEN_JWKS_URL": setup.token_jwks_url,
        "BATCH_TOKEN_AUDIENCES": ",".join(setup.token_audiences),
        "BATCH_ROLE_ASSIGNMENTS": "[]",  # the issuer puts roles into its tokens
        "BATCH_SCALE_SET": "local",
        "BATCH_LOCAL_SCALE_SET_URL": setup.scale_set_url,
        SCALE_SET_KEY: setup.scale_set_key,
    }


def storage_settings(setup: StackSetup) -> Mapping[str, str]:
    """The stack's storage, for a process that needs nothing else."""
    return {STORAGE: setup.storage.connection_string}


def scale_set_settings(setup: StackSetup) -> Mapping[str, str]:
    """The scale set's key, and what it passes on to the scorer nodes."""
    return {SCALE_SET_KEY: setup.scale_set_key, STORAGE: setup.storage.connection_string}


def with_direct_loopback(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` in which no proxy stands between the stack's own processes."""
    if not any(name.lower() in _PROXIES for name in environment):
        return dict(environment)
    exceptions = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    direct = ",".join(part for part in (exceptions, LOOPBACK, "localhost") if part)
    return {**environment, "no_proxy": direct, "NO_PROXY": direct}
