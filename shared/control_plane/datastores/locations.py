"""Resolves datastores and URLs to places in storage, with the credential for each."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote

from shared.contracts.job_spec import Location
from shared.contracts.names import CONTAINER_NAME, DATASTORE_NAME, fault_of_blob_name
from shared.contracts.resources import DatastoreProperties
from shared.control_plane.references import below_workspace
from shared.control_plane.workspace import DATASTORES, Workspace
from shared.errors import NotFoundError, ValidationError
from shared.outbound import check_outbound_url, refuse_password, split_url
from shared.settings import Settings
from shared.storage.blobs import DEFAULT_DATASTORE, DEFAULT_DATASTORE_CONTAINER

_AZURE_BLOB_HOST = re.compile(r"[a-z0-9]+(\.z\d+)?\.blob\.core\.(windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)")


@dataclass(frozen=True)
class DatastoreContainer:
    """A datastore's container."""

    account_url: str
    container: str
    credential: str
    """As in Location."""

    def location(self, path: str) -> Location:
        """Return a folder of the container, or the whole container. It may turn out to be a file."""
        return Location(
            kind="blob_folder",
            account_url=self.account_url,
            container=self.container,
            path=path.strip("/"),
            credential=self.credential,
        )


def datastore_container(workspace: Workspace, name: str) -> DatastoreContainer:
    """Return the container of a datastore. Raises NotFoundError."""
    if is_default(name):
        return DatastoreContainer(workspace.account.blob_url, DEFAULT_DATASTORE_CONTAINER, "account")
    row = workspace.datastores.find(name)
    if row is None:
        raise NotFoundError(f"{DATASTORES.label} {name!r} not found; {DEFAULT_DATASTORE!r} always exists", target=name)
    return container_of_properties(workspace, name, row.document.properties)


def container_of_properties(workspace: Workspace, name: str, properties: DatastoreProperties) -> DatastoreContainer:
    """Return the container of a datastore with these properties.

    A datastore with credentials uses its own secret. Without credentials, the service uses its own credential in its
    own account, and reads any other account anonymously.
    """
    own_account = properties.account_name == workspace.account.account_name
    account_url = workspace.account.blob_url if own_account else foreign_account_url(properties)
    without_secret = "account" if own_account else "anonymous"
    credential = f"datastore:{name.lower()}" if properties.has_secret else without_secret
    return DatastoreContainer(account_url, properties.container_name, credential)


def foreign_account_url(properties: DatastoreProperties) -> str:
    """Return another account's blob service URL. It is path-style if `endpoint` is an address (emulators)."""
    protocol, endpoint = properties.protocol or "https", (properties.endpoint or "core.windows.net").strip("/")
    if _is_address(endpoint.split("/")[0]):
        return f"{protocol}://{endpoint}/{properties.account_name}"
    return f"{protocol}://{properties.account_name}.blob.{endpoint}"


def registered_containers(workspace: Workspace) -> dict[tuple[str, str], DatastoreContainer]:
    """Return the containers of all datastores by (account URL, container). The default datastore's is first."""
    found: dict[tuple[str, str], DatastoreContainer] = {}
    stored = workspace.datastores.documents()
    others = (container_of_properties(workspace, found.name, found.properties) for found in stored)
    for container in (datastore_container(workspace, DEFAULT_DATASTORE), *others):
        found.setdefault((container.account_url.lower(), container.container), container)
    return found


def datastore_of(workspace: Workspace, location: Location) -> str | None:
    """Return the name of a datastore through which `location` was resolved, or None if it has been deleted."""
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
    """Return whether this is the workspace's own datastore."""
    return name.lower() == DEFAULT_DATASTORE


def is_azure_blob_host(host: str) -> bool:
    """Return whether this is the host of a storage account in one of Azure's clouds."""
    return _AZURE_BLOB_HOST.fullmatch(host.lower()) is not None


def _is_address(host_and_port: str) -> bool:
    host = host_and_port.rsplit(":", 1)[0].strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.lower() == "localhost"
    return True


_SHORT_SCHEME = re.compile(r"azureml://datastores/", re.IGNORECASE)
_PATHS = re.compile(r"datastores/(?P<datastore>[^/]+)(?:/paths(?:/(?P<path>.*))?)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class DatastorePath:
    """A path in a datastore. A slash at its end means a folder."""

    datastore: str
    path: str


def parse_datastore_uri(settings: Settings, uri: str, field: str) -> DatastorePath | None:
    """Return the datastore and path that `uri` names, or None if it is not such a URI."""
    folder = uri.endswith("/")
    rest = uri[len("azureml://") :] if _SHORT_SCHEME.match(uri) else below_workspace(settings, uri, field)
    match = _PATHS.fullmatch(rest) if rest is not None else None
    if match is None:
        return None
    datastore = DATASTORE_NAME.check_part(match["datastore"], uri, field)
    path = checked_path(match["path"] or "", uri, field)
    return DatastorePath(datastore, f"{path}/" if path and folder else path)


def place_of(settings: Settings, uri: str) -> object:
    """Return a value that is equal for URIs of the same place. The place need not exist."""
    path = parse_datastore_uri(settings, uri, "uri")
    return (path.datastore.lower(), path.path.rstrip("/")) if path else uri


def checked_path(path: str, shown: str, field: str) -> str:
    """Return a blob path without slashes at its ends, its `.` and `..` resolved; empty for the whole container.

    Raises ValidationError when the path leads out of its folder, or cannot be a blob's name.
    """
    parts: list[str] = []
    for part in path.strip("/").split("/"):
        if part == ".." and not parts:
            raise ValidationError(f"{field} {shown!r} is not valid: its path leads out of its folder", target=field)
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    joined = "/".join(parts)
    if joined and (fault := fault_of_blob_name(joined)):
        raise ValidationError(f"{field} {shown!r} is not valid: its path {fault}", target=field)
    return joined


_SPECIAL_CONTAINERS = {"$root", "$web", "$logs"}
"""Containers that exist in storage by themselves."""

_WASB = re.compile(r"(?P<scheme>wasbs?)://(?P<container>[^/@]+)@(?P<host>[^/]+)(?:/(?P<path>.*))?", re.IGNORECASE)


def url_location(workspace: Workspace, url: str, field: str) -> Location | None:
    """Return the location of a URL, or None unless the scheme is http, https, wasb or wasbs.

    A container of a datastore is read with that datastore's credential; any other container of the workspace's
    own or another storage account anonymously; a URL with a query (a SAS) is taken as one file. Raises
    ValidationError for an address that the service must not call.
    """
    plain = _without_wasb(url)
    parts = split_url(plain, field)
    if parts.scheme.lower() not in {"http", "https"}:
        return None
    refuse_password(parts, field)
    own = workspace.account.blob_url
    is_own = plain.lower().startswith(f"{own.lower()}/")
    is_azure = is_azure_blob_host(parts.hostname or "")
    if not is_own and not is_azure:
        check_outbound_url(plain, field=field)
    if parts.query:
        return Location(kind="url", url=plain, credential="anonymous")
    if is_own:
        return _blob_location(workspace, own, plain[len(own) + 1 :], url, field)
    if is_azure or _registered(workspace, parts):
        return _blob_location(workspace, f"{parts.scheme}://{parts.netloc}", parts.path.lstrip("/"), url, field)
    return Location(kind="url", url=plain, credential="anonymous")


def _without_wasb(url: str) -> str:
    match = _WASB.fullmatch(url)
    if match is None:
        return url
    scheme = "https" if match["scheme"].lower() == "wasbs" else "http"
    return f"{scheme}://{match['host']}/{match['container']}/{match['path'] or ''}"


def _registered(workspace: Workspace, parts: SplitResult) -> bool:
    base = f"{parts.scheme}://{parts.netloc}".lower()
    return any(account_url == base for account_url, _ in registered_containers(workspace))


def _blob_location(workspace: Workspace, account_url: str, rest: str, url: str, field: str) -> Location:
    container, _, path = rest.partition("/")
    if not container:
        raise ValidationError(f"{field} {url!r} is not valid: it names no container", target=field)
    if container not in _SPECIAL_CONTAINERS:
        CONTAINER_NAME.check_part(container, url, field)
    checked = checked_path(unquote(path), url, field)
    known = registered_containers(workspace).get((account_url.lower(), container))
    if known is not None:
        return known.location(checked)
    return Location(
        kind="blob_folder", account_url=account_url, container=container, path=checked, credential="anonymous"
    )
