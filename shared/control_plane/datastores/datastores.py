"""Datastores: named blob containers whose secret is stored apart and never returned."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from shared.contracts.bodies import ResourceBody, parse_model
from shared.contracts.names import CONTAINER_NAME, DATASTORE_NAME, NameRule
from shared.contracts.resources import DatastoreProperties
from shared.control_plane.datastores.locations import (
    container_of_properties,
    foreign_account_url,
    is_azure_blob_host,
    is_default,
)
from shared.control_plane.datastores.secrets import DatastoreCredentials, forget_secret, keep_secret, probe
from shared.control_plane.resource_table import ANY_STATE, Change, Resource, Upserted, WriteConditions, upsert
from shared.control_plane.workspace import Workspace
from shared.errors import ConflictError, Problems, ValidationError
from shared.outbound import check_outbound_url
from shared.storage.blobs import CODE_CONTAINER_PREFIX, DEFAULT_DATASTORE, DEFAULT_DATASTORE_CONTAINER, JOBS_CONTAINER

ACCOUNT_NAME = NameRule("accountName", re.compile(r"[a-z0-9]{3,24}"), "3 to 24 lower-case letters and digits")
PROTOCOL = NameRule("protocol", re.compile("https?"), "https, or http for an emulator")
ENDPOINT = NameRule(
    "endpoint",
    re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9.]{0,252}(:[0-9]{1,5})?/?|\[[0-9a-fA-F:.]{2,45}\](:[0-9]{1,5})?/?"),
    "the end of the account's host name, such as core.windows.net, or the address and port of an emulator",
)

_INTERNAL = re.compile(rf"{JOBS_CONTAINER}|{CODE_CONTAINER_PREFIX}.*|azure-webjobs-.*|app-package|batchendpoints-.*")
"""The containers of the service itself, of its package (infra/main.bicep) and of its task hub (host.json)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def put_datastore(
    workspace: Workspace, name: str, body: ResourceBody, change: Change, *, validate: bool = True
) -> Upserted[DatastoreProperties]:
    """Create or update a datastore. With `validate`, its container must answer. Raises ValidationError.

    An update without secrets keeps the stored ones.
    """
    DATASTORE_NAME.check(name)
    if is_default(name):
        raise ConflictError(f"datastore {name!r} belongs to the workspace and cannot be changed", target=name)
    properties, credentials = _parsed(body)
    _check_place(workspace, properties)
    current = workspace.datastores.find(name)
    change.conditions.check(current.etag if current else None, f"datastore {name!r}")
    has_secret = current is not None and current.document.properties.has_secret
    secret = credentials.secret_or_kept(workspace.account, name if has_secret else "")
    if validate:
        probe(workspace.account, name, container_of_properties(workspace, name, properties), secret)
    # A datastore never says that it has a secret that is not stored.
    if secret:
        keep_secret(workspace.account, name, secret)
    saved = upsert(workspace.datastores, (name,), lambda _: properties, change)
    if not secret:
        forget_secret(workspace.account, name)
    return saved


def get_datastore(workspace: Workspace, name: str) -> tuple[Resource[DatastoreProperties], str]:
    """Return a datastore and its ETag, which is empty for the default one. Raises NotFoundError."""
    if is_default(name):
        return default_datastore(workspace), ""
    row = workspace.datastores.get(name)
    return row.document, row.etag


def list_datastores(workspace: Workspace, problems: Problems | None = None) -> Iterator[Resource[DatastoreProperties]]:
    """Yield all datastores, the default one first. `problems` gets the errors of unreadable ones."""
    yield default_datastore(workspace)
    yield from workspace.datastores.documents(problems=problems)


def delete_datastore(workspace: Workspace, name: str, conditions: WriteConditions = ANY_STATE) -> bool:
    """Delete a datastore and its secret, never its blobs. Return False if it was not there."""
    if is_default(name):
        raise ConflictError(f"datastore {name!r} belongs to the workspace and cannot be deleted", target=name)
    row = workspace.datastores.find(name)
    if row is None:
        return False
    workspace.datastores.delete(row, conditions)
    forget_secret(workspace.account, name)
    return True


def default_datastore(workspace: Workspace) -> Resource[DatastoreProperties]:
    """Return the workspace's own datastore, which exists from the start."""
    protocol, _, rest = workspace.account.blob_url.partition("://")
    host_style = f"{workspace.account.account_name}.blob."
    properties = DatastoreProperties(
        account_name=workspace.account.account_name,
        container_name=DEFAULT_DATASTORE_CONTAINER,
        endpoint=rest.removeprefix(host_style).split("/")[0],
        protocol=protocol,
        credentials={"credentialsType": "Sas"},
    )
    return Resource(names=(DEFAULT_DATASTORE,), properties=properties, created=_EPOCH, modified=_EPOCH)


def _parsed(body: ResourceBody) -> tuple[DatastoreProperties, DatastoreCredentials]:
    """Return two things: the properties without any secret, and the credentials with the secret."""
    properties = parse_model(DatastoreProperties, body.properties)
    credentials = parse_model(DatastoreCredentials, properties.credentials, "properties.credentials")
    shown = {"credentialsType": credentials.credentials_type}
    return properties.model_copy(update={"credentials": shown}), credentials


def _check_place(workspace: Workspace, properties: DatastoreProperties) -> None:
    ACCOUNT_NAME.check(properties.account_name)
    CONTAINER_NAME.check(properties.container_name)
    if properties.account_name != workspace.account.account_name:
        PROTOCOL.check(properties.protocol or "https")
        ENDPOINT.check(properties.endpoint or "core.windows.net")
        url = foreign_account_url(properties)
        if not is_azure_blob_host(url.partition("://")[2]):
            check_outbound_url(url, field="endpoint")
    elif _INTERNAL.fullmatch(properties.container_name):
        raise ValidationError(
            f"containerName {properties.container_name!r} is the service's own; name another container",
            target="containerName",
        )
