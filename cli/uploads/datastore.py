"""Uploads to and downloads from a datastore."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.api.workspace import Workspace
from cli.output.errors import ServiceError
from cli.uploads.local_files import LocalFiles

if TYPE_CHECKING:
    from cli.uploads.container import Container

DEFAULT_DATASTORE = "workspaceblobstore"
SAS_HOURS = 24
"""Long enough for large uploads."""
_URI = re.compile(r"azureml://(?:.*/)?datastores/(?P<datastore>[^/]+)/paths/(?P<path>.*)")


@dataclass(frozen=True)
class DatastorePath:
    """A file or folder in a datastore."""

    datastore: str
    path: str

    @classmethod
    def parse(cls, uri: str) -> "DatastorePath | None":
        """Return the path that `azureml://…/datastores/<d>/paths/<p>` names, or None."""
        match = _URI.fullmatch(uri)
        return cls(match["datastore"], match["path"]) if match else None

    @property
    def uri(self) -> str:
        """The short URI."""
        return f"azureml://datastores/{self.datastore}/paths/{self.path}"


def upload_to_datastore(workspace: Workspace, files: LocalFiles, datastore: str = DEFAULT_DATASTORE) -> DatastorePath:
    """Upload to `LocalUpload/<content hash>/`, and skip files that are already there.

    The last part of the path is the folder's own name, which scripts find below `AZUREML_MODEL_DIR`.
    """
    container = datastore_container(workspace, datastore)
    path = f"LocalUpload/{files.content_hash()}/{files.name}"
    prefix = f"{path}/" if files.is_folder else path.removesuffix(files.name)
    container.upload(files, prefix, f"Uploading {files.name}")
    return DatastorePath(datastore, prefix if files.is_folder else path)


def download_from_datastore(workspace: Workspace, source: DatastorePath, target: Path) -> list[Path]:
    """Download a folder and return the files written."""
    container = datastore_container(workspace, source.datastore)
    return container.download(_prefix(source), container.blobs(_prefix(source)), target, "Downloading")


def download_files(workspace: Workspace, folder: DatastorePath, names: tuple[str, ...], target: Path) -> list[Path]:
    """Download the named files of a folder that exist, and return the files written."""
    container = datastore_container(workspace, folder.datastore)
    paths = {f"{_prefix(folder)}{name}" for name in names}
    found = {blob for path in paths for blob in container.blobs(path) if blob[0] in paths}
    return container.download(_prefix(folder), sorted(found), target, "Downloading")


def _prefix(folder: DatastorePath) -> str:
    return f"{folder.path.rstrip('/')}/" if folder.path.strip("/") else ""


def datastore_container(workspace: Workspace, name: str) -> "Container":
    """Return the container of a datastore, with a SAS for the caller."""
    from cli.uploads.container import Container

    properties = workspace.get(f"datastores/{name}")["properties"]
    secrets = workspace.post(f"datastores/{name}/listSecrets", {"expirableSecret": True, "expireAfterHours": SAS_HOURS})
    sas = secrets.get("sasToken") or secrets.get("key")  # for an account key, the service returns a SAS as `key`
    if not sas:
        raise ServiceError(f"datastore {name!r} gives no SAS token", hint="Register it with a SAS token as credential")
    return Container(_container_url(properties), sas)


def _container_url(properties: dict[str, Any]) -> str:
    """Return the URL of the container: this service's own member `containerUri`, or else an account in Azure."""
    if uri := properties.get("containerUri"):
        return str(uri).rstrip("/")
    protocol, suffix = properties.get("protocol") or "https", properties.get("endpoint") or "core.windows.net"
    return f"{protocol}://{properties['accountName']}.blob.{suffix}/{properties['containerName']}"


def datastore_at(workspace: Workspace, url: str) -> DatastorePath | None:
    """Return the datastore and path of the blob or folder at `url`, or None if it is not in a datastore."""
    from urllib.parse import unquote

    for datastore in workspace.list("datastores"):
        base = f"{_container_url(datastore['properties'])}/"
        if url.startswith(base):
            return DatastorePath(datastore["name"], unquote(url.removeprefix(base)))
    return None
