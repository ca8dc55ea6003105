"""Where a datastore lies, and with which credential the service reaches it."""

import ipaddress
import re
from dataclasses import dataclass

from shared.contracts.locations import Location
from shared.contracts.resources import DatastoreProperties
from shared.control_plane.workspace import DATASTORES, Workspace
from shared.errors import NotFoundError
from shared.storage.containers import DEFAULT_DATASTORE, DEFAULT_DATASTORE_CONTAINER

_AZURE_BLOB_HOST = re.compile(r"[a-z0-9]+(\.z\d+)?\.blob\.core\.(windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)")


@dataclass(frozen=True)
class DatastoreContainer:
    """A datastore's container."""

    account_url: str
    container: str
    credential: str
    """As in Location."""

    def location(self, path: str) -> Location:
        """A folder in it, or the whole container; whether it is a file is settled when it is read."""
        return Location(
            kind="blob_folder",
            account_url=self.account_url,
            container=self.container,
            path=path.strip("/"),
            credential=self.credential,
        )


def datastore_container(workspace: Workspace, name: str) -> DatastoreContainer:
    """The container of a datastore; raises NotFoundError."""
    if is_default(name):
        return DatastoreContainer(workspace.account.blob_url, DEFAULT_DATASTORE_CONTAINER, "account")
    row = workspace.datastores.find(name)
    if row is None:
        raise NotFoundError(f"{DATASTORES.label} {name!r} not found; {DEFAULT_DATASTORE!r} always exists", target=name)
    return container_of_properties(workspace, name, row.document.properties)


def container_of_properties(workspace: Workspace, name: str, properties: DatastoreProperties) -> DatastoreContainer:
    """Where a datastore of these properties lies.

    With credentials its own secret is used; without, the service's credential in its own account, and none in
    any other.
    """
    own_account = properties.account_name == workspace.account.account_name
    account_url = workspace.account.blob_url if own_account else foreign_account_url(properties)
    without_secret = "account" if own_account else "anonymous"
    credential = f"datastore:{name.lower()}" if properties.has_secret else without_secret
    return DatastoreContainer(account_url, properties.container_name, credential)


def foreign_account_url(properties: DatastoreProperties) -> str:
    """Blob service URL of another account: host-style, or path-style when `endpoint` is an address (emulators)."""
    protocol, endpoint = properties.protocol or "https", (properties.endpoint or "core.windows.net").strip("/")
    if _is_address(endpoint.split("/")[0]):
        return f"{protocol}://{endpoint}/{properties.account_name}"
    return f"{protocol}://{properties.account_name}.blob.{endpoint}"


def registered_containers(workspace: Workspace) -> dict[tuple[str, str], DatastoreContainer]:
    """The containers of all datastores by (account URL, container); the default datastore's first."""
    found: dict[tuple[str, str], DatastoreContainer] = {}
    stored = workspace.datastores.documents()
    others = (container_of_properties(workspace, found.name, found.properties) for found in stored)
    for container in (datastore_container(workspace, DEFAULT_DATASTORE), *others):
        found.setdefault((container.account_url.lower(), container.container), container)
    return found


def datastore_of(workspace: Workspace, location: Location) -> str | None:
    """The name of a datastore through which `location` was resolved; None when it has been deleted."""
    if location.credential.startswith("datastore:"):
        row = workspace.datastores.find(location.credential.removeprefix("datastore:"))
        return row.document.name if row else None
    if location.container == DEFAULT_DATASTORE_CONTAINER and location.credential == "account":
        return DEFAULT_DATASTORE
    for stored in workspace.datastores.documents():
        found = container_of_properties(workspace, stored.name, stored.properties)
        if (found.container, found.credential) == (location.container, location.credential):
            return stored.name
    return None


def is_default(name: str) -> bool:
    """Whether this is the workspace's own datastore."""
    return name.lower() == DEFAULT_DATASTORE


def is_azure_blob_host(host: str) -> bool:
    """Whether this is the host of a storage account in one of Azure's clouds."""
    return _AZURE_BLOB_HOST.fullmatch(host.lower()) is not None


def _is_address(host_and_port: str) -> bool:
    host = host_and_port.rsplit(":", 1)[0].strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.lower() == "localhost"
    return True
