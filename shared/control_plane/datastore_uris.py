"""URIs of files and folders in datastores: `azureml://datastores/D/paths/P`, short and long, and ARM ids."""

import re
from dataclasses import dataclass

from shared.contracts.blob_names import fault_of_blob_name
from shared.contracts.names import DATASTORE_NAME
from shared.control_plane.arm_ids import below_workspace
from shared.errors import ValidationError
from shared.settings import Settings

_SHORT_SCHEME = re.compile(r"azureml://datastores/", re.IGNORECASE)
_PATHS = re.compile(r"datastores/(?P<datastore>[^/]+)(?:/paths(?:/(?P<path>.*))?)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class DatastorePath:
    """A path in a datastore; with a slash at its end it is meant as a folder."""

    datastore: str
    path: str


def parse_datastore_uri(settings: Settings, uri: str, field: str) -> DatastorePath | None:
    """The datastore and path that `uri` names; None when it is not such a URI."""
    folder = uri.endswith("/")
    rest = uri[len("azureml://") :] if _SHORT_SCHEME.match(uri) else below_workspace(settings, uri, field)
    match = _PATHS.fullmatch(rest) if rest is not None else None
    if match is None:
        return None
    datastore = DATASTORE_NAME.check_part(match["datastore"], uri, field)
    path = checked_path(match["path"] or "", uri, field)
    return DatastorePath(datastore, f"{path}/" if path and folder else path)


def place_of(settings: Settings, uri: str) -> object:
    """Equal for URIs that name the same place, whether or not it is still there."""
    path = parse_datastore_uri(settings, uri, "uri")
    return (path.datastore.lower(), path.path.rstrip("/")) if path else uri


def checked_path(path: str, shown: str, field: str) -> str:
    """A blob path without slashes at its ends, its `.` and `..` resolved; empty for the whole container.

    Raises ValidationError when it leads out of its folder, or when no blob can have it as its name.
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
