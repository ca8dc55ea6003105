"""Environment variables that send Azure's own clients to a local stack."""

import os
from collections.abc import Mapping
from pathlib import Path

from local.data_folder.connection import Connection, read_connection
from local.data_folder.layout import DataFolder
from local.data_folder.setup import StackSetup
from local.data_folder.stack_file import require_stack_file
from local.loopback.certificates import trusting
from local.loopback.ports import LOOPBACK

CLOUD = "LocalAml"
"""The name under which `/metadata/endpoints` describes the stack."""


def client_environment(data_dir: Path, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables for a shell whose environment is `environment`.

    A stack without `--https` has only the variables for storage, because azure-ai-ml requires TLS.

    Raises:
        NoStackError: there never was a stack in `data_dir`.
    """
    folder = DataFolder(data_dir.absolute())
    setup = require_stack_file(folder).setup
    connection = read_connection(folder.root)
    no_proxy = _no_proxy(environment)
    storage = {
        "AZURE_STORAGE_CONNECTION_STRING": connection.storage_connection_string,
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
    }
    return {**storage, **_with_tls(folder, setup, connection)} if setup.https else storage


def _with_tls(folder: DataFolder, setup: StackSetup, connection: Connection) -> dict[str, str]:
    return {
        **_cloud(setup),
        **trusting(folder.tls),
        "AZURE_AUTHORITY_HOST": setup.token_base_url,
        "AZURE_TENANT_ID": connection.tenant_id,
        "AZURE_CLIENT_ID": connection.client_id,
        "AZURE_CLIENT_SECRET": connection.client_secret,
        "AZURE_SUBSCRIPTION_ID": connection.subscription_id,
        "AZURE_RESOURCE_GROUP": connection.resource_group,
        "AZUREML_WORKSPACE_NAME": connection.workspace,
    }


def _cloud(setup: StackSetup) -> dict[str, str]:
    return {
        "AZUREML_CURRENT_CLOUD": CLOUD,
        "ARM_CLOUD_METADATA_URL": setup.metadata_url,
        "BML_RESOURCE_MANAGER": setup.management_url,
        "BML_STORAGE_SUFFIX": setup.storage.suffix,
    }


def _no_proxy(environment: Mapping[str, str]) -> str:
    known = [part for part in (environment.get("NO_PROXY") or environment.get("no_proxy") or "").split(",") if part]
    return ",".join([*known, *(host for host in (LOOPBACK, "localhost") if host not in known)])
