"""Locations behind http(s) and wasb(s) URLs that users give."""

import re
from urllib.parse import SplitResult, unquote

from shared.contracts.locations import Location
from shared.contracts.names import CONTAINER_NAME
from shared.control_plane.datastore_locations import is_azure_blob_host, registered_containers
from shared.control_plane.datastore_uris import checked_path
from shared.control_plane.workspace import Workspace
from shared.errors import ValidationError
from shared.security.outbound_urls import check_outbound_url, refuse_password, split_url

_SPECIAL_CONTAINERS = {"$root", "$web", "$logs"}
"""Containers that storage itself has."""

_WASB = re.compile(r"(?P<scheme>wasbs?)://(?P<container>[^/@]+)@(?P<host>[^/]+)(?:/(?P<path>.*))?", re.IGNORECASE)


def url_location(workspace: Workspace, url: str, field: str) -> Location | None:
    """The location of a URL; None when the scheme is none of http, https, wasb and wasbs.

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
