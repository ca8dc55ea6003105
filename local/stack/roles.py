"""The processes of a stack: the program of each, what it waits for, and how it is ended."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.azurite.command import azurite_command
from local.data_folder.layout import DataFolder
from local.data_folder.setup import LOCATION, RESOURCE_GROUP, WORKSPACE, StackSetup
from local.loopback.authority import ensure_certificates
from local.loopback.certificates import trusting, write_bundle
from local.loopback.ports import LOOPBACK
from local.processes.program import Program
from local.stack.health import (
    AZURITE,
    BLOB_EVENTS,
    FUNCTIONS_HOST,
    SCALE_SET,
    TOKEN_ISSUER,
    HealthCheck,
    answer_checks,
    health_checks,
)
from local.stack.options import REPOSITORY_ROOT


@dataclass(frozen=True, slots=True)
class Role:
    """One process that the supervisor keeps running."""

    program: Program
    is_healthy: HealthCheck
    answers: HealthCheck
    """Returns whether it answers at all, healthy or not. A process that does not answer is ended and restarted."""

    after: tuple[str, ...] = ()
    """Names of the roles that must be healthy before this one starts."""

    healthy_within_seconds: float = 60.0
    grace_seconds: float = 5.0
    """Seconds between SIGTERM and SIGKILL."""

    @property
    def name(self) -> str:
        """The name of its program."""
        return self.program.name


def stack_roles(folder: DataFolder, setup: StackSetup, app_root: Path) -> tuple[Role, ...]:
    """Return all roles, in the order of their start.

    Raises:
        NodeMissingError, AzuriteInstallError: see `local.errors`.
    """
    if setup.https:
        ensure_certificates(folder.tls)
        write_bundle(folder.tls, os.environ)
    healthy, answers = health_checks(setup, folder.tls), answer_checks(setup, folder.tls)

    def role(name: str, program: Program, after: tuple[str, ...] = (), grace: float = 5.0) -> Role:
        return Role(program, healthy[name], answers[name], after, grace_seconds=grace)

    return (
        role(AZURITE, _azurite(folder, setup), grace=30),
        role(TOKEN_ISSUER, _token_issuer(folder, setup)),
        role(SCALE_SET, _scale_set(folder, setup), (AZURITE,), grace=15),
        role(FUNCTIONS_HOST, _functions_host(folder, setup, app_root), (AZURITE,), grace=15),
        role(BLOB_EVENTS, _blob_events(folder, setup), (AZURITE,)),
    )


def _azurite(folder: DataFolder, setup: StackSetup) -> Program:
    folder.azurite.mkdir(exist_ok=True)
    command = azurite_command(setup.storage, folder.azurite, folder.tls.server if setup.https else None)
    return _program(folder, AZURITE, command.arguments, command.environment, folder.azurite)


def _token_issuer(folder: DataFolder, setup: StackSetup) -> Program:
    audiences = (part for audience in setup.token_audiences for part in ("--audience", audience))
    arguments = _module("local.token_issuer", setup.token_port, folder.token_issuer, "--tenant", setup.tenant_id)
    return _program(folder, TOKEN_ISSUER, (*arguments, *audiences, *_tls(folder, setup)), {})


def _scale_set(folder: DataFolder, setup: StackSetup) -> Program:
    arguments = _module("local.scale_set", setup.scale_set_port, folder.scale_set)
    return _program(folder, SCALE_SET, arguments, {**scale_set_settings(setup), **_shared(folder, setup)})


def _functions_host(folder: DataFolder, setup: StackSetup, app_root: Path) -> Program:
    arguments = (
        *(sys.executable, "-m", "local.functions_host", "start", "--app-root", str(app_root)),
        *("--port", str(setup.port), "--data-dir", str(folder.functions), "--exit-with-parent"),
        *_tls(folder, setup),
    )
    return _program(folder, FUNCTIONS_HOST, arguments, {**application_settings(setup), **_shared(folder, setup)})


def _blob_events(folder: DataFolder, setup: StackSetup) -> Program:
    accounts = ("--accounts-id", setup.storage_accounts_id)
    arguments = _module("local.blob_events", setup.events_port, folder.blob_events, *accounts)
    return _program(folder, BLOB_EVENTS, arguments, {**storage_settings(setup), **_trust(folder, setup)})


def _tls(folder: DataFolder, setup: StackSetup) -> tuple[str, ...]:
    server = folder.tls.server
    files = ("--tls-certificate", str(server.file), "--tls-key", str(server.key_file))
    return files if setup.https else ()


def _shared(folder: DataFolder, setup: StackSetup) -> Mapping[str, str]:
    """Return the settings that both the Function App and the nodes need."""
    return {**_trust(folder, setup), TELEMETRY_FOLDER: str(folder.telemetry)}


def _trust(folder: DataFolder, setup: StackSetup) -> Mapping[str, str]:
    return trusting(folder.tls) if setup.https else {}


def _module(module: str, port: int, data_dir: Path, *more: str) -> tuple[str, ...]:
    common = ("--port", str(port), "--data-dir", str(data_dir), "--exit-with-parent")
    return (sys.executable, "-m", module, *common, *more)


def _program(
    folder: DataFolder,
    role: str,
    arguments: tuple[str, ...],
    settings: Mapping[str, str],
    current_directory: Path = REPOSITORY_ROOT,
) -> Program:
    environment = {**with_direct_loopback(os.environ), "PYTHONUNBUFFERED": "1", **settings}
    return Program(role, arguments, environment, current_directory, folder.log(role))


SCALE_SET_KEY = "BATCH_LOCAL_SCALE_SET_KEY"
STORAGE = "AzureWebJobsStorage"
TELEMETRY_FOLDER = "BATCH_TELEMETRY_FOLDER"
_PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy"})


def application_settings(setup: StackSetup) -> Mapping[str, str]:
    """Return the application settings of the Function App on this stack."""
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
    """Return the setting of the stack's storage, for a process that needs no other setting."""
    return {STORAGE: setup.storage.connection_string}


def scale_set_settings(setup: StackSetup) -> Mapping[str, str]:
    """Return the scale set's key, and the settings that it passes on to the scorer nodes."""
    return {SCALE_SET_KEY: setup.scale_set_key, STORAGE: setup.storage.connection_string}


def with_direct_loopback(environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment` without a proxy between the stack's own processes."""
    if not any(name.lower() in _PROXIES for name in environment):
        return dict(environment)
    exceptions = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    direct = ",".join(part for part in (exceptions, LOOPBACK, "localhost") if part)
    return {**environment, "no_proxy": direct, "NO_PROXY": direct}
