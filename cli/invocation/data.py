"""Input and output of an invocation, from options or a file."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.deploy.assets import ONLY_VERSION, Assets
from cli.deploy.local_assets import LocalData
from cli.output.errors import UsageError
from cli.uploads.datastore import DEFAULT_DATASTORE, DatastorePath, upload_to_datastore
from cli.uploads.local_files import local_files

_METHODS = (
    "Give one of --input-data azureml:<name>:<version>, --input-path <URL>, "
    "--input-datastore <name> with --input-path <path>, or --input-local-path <folder or file>"
)

_TYPE_PREFIXES = {"folder:": "uri_folder", "file:": "uri_file"}
"""The types with which places began in autumn 2021."""


@dataclass(frozen=True)
class InputOptions:
    """The options for the input. docs/seed-tour.md shows the three methods."""

    data: str | None = None
    datastore: str | None = None
    path: str | None = None
    local_path: Path | None = None

    def __post_init__(self) -> None:
        """Raise UsageError unless the options use exactly one method."""
        if self.datastore and not (self.path or self.local_path):
            raise UsageError("--input-datastore needs --input-path", hint="Name a path in the datastore")
        ways = [name for name, value in self._ways().items() if value]
        if len(ways) != 1:
            raise UsageError(" and ".join(ways) + " exclude each other" if ways else "no input is given", hint=_METHODS)
        if self.path and not self.datastore and "://" not in self.path:
            raise UsageError(
                f"--input-path {self.path!r} is not a URL",
                hint="Name its --input-datastore, or use --input-local-path for a path on this machine",
            )

    def _ways(self) -> dict[str, Any]:
        return {"--input-data": self.data, "--input-path": self.path, "--input-local-path": self.local_path}


def dataset(assets: Assets, options: InputOptions) -> dict[str, Any]:
    """Return `dataset` of the request's body. A local path is first uploaded and registered as a data asset."""
    if options.local_path:
        return {"dataInputType": "DatasetId", "datasetId": _registered(assets, options.local_path, options.datastore)}
    if options.data:
        return _data_asset(options.data)
    path = options.path or ""
    if options.datastore:
        path = DatastorePath(_name(options.datastore), path.lstrip("/")).uri
    for prefix in _TYPE_PREFIXES:
        path = path.removeprefix(prefix)
    return {"dataInputType": "DataUrl", "path": path}


def _data_asset(reference: str) -> dict[str, Any]:
    name = reference.removeprefix("azureml:").strip()
    if name.startswith("/"):
        return {"dataInputType": "DatasetId", "datasetId": name}
    for separator in (":", "@"):
        asset, found, version = name.partition(separator)
        if found and asset and version:
            return {"dataInputType": "DatasetVersion", "datasetName": asset, "datasetVersion": version}
    raise UsageError(
        f"--input-data {reference!r} names no version", hint="Write azureml:<name>:<version> or azureml:<name>@latest"
    )


def place_input(assets: Assets, place: str, kind: str | None, folder: Path) -> dict[str, Any]:
    """Return the members for an input: a URI, a reference, or a path below `folder`, which is uploaded and registered.

    In autumn 2021 the place began with its type: `folder:` or `file:`.
    """
    for prefix, named in _TYPE_PREFIXES.items():
        if place.startswith(prefix):
            place, kind = place.removeprefix(prefix), named
    if place.startswith("/subscriptions/") or (place.startswith("azureml:") and "://" not in place):
        return {"dataset": _data_asset(place)}
    if "://" in place:
        job_input = {"jobInputType": "UriFile" if kind == "uri_file" else "UriFolder", "uri": place}
        return {"inputData": {"data": job_input}}
    path = folder / place
    return {"dataset": {"dataInputType": "DatasetId", "datasetId": _registered(assets, path, None)}}


def _registered(assets: Assets, path: Path, datastore: str | None) -> str:
    """Upload data and register it under a name made from its content and name. The same data has one asset."""
    files = local_files(path)
    files.tell_left_out()
    uploaded = upload_to_datastore(assets.workspace, files, _name(datastore or DEFAULT_DATASTORE))
    data = LocalData(
        place=uploaded.uri,
        name=f"upload-{hashlib.sha256(uploaded.uri.encode()).hexdigest()[:32]}",
        version=ONLY_VERSION,
        type="uri_folder" if files.is_folder else "uri_file",
        description=f"Uploaded from {files.name} for an invocation",
    )
    return assets.data(data)


def _name(reference: str) -> str:
    return reference.removeprefix("azureml:").strip()


def place_output(place: str, kind: str | None) -> dict[str, Any]:
    """Return the members of the body for an output folder, or for an output file if `kind` is `uri_file`."""
    for prefix, named in _TYPE_PREFIXES.items():
        if place.startswith(prefix):
            place, kind = place.removeprefix(prefix), named
    store = DatastorePath.parse(place)
    if store is None and "://" in place:
        raise UsageError(
            f"the output {place!r} is not in a datastore", hint="Write azureml://datastores/<name>/paths/<folder>"
        )
    path = (store.path if store else place).rstrip("/")
    members: dict[str, Any] = {}
    if kind == "uri_file":
        path, _, members["outputFileName"] = path.rpartition("/")
        members["outputData"] = {"score": {"jobOutputType": "UriFile"}}
    members["outputDataset"] = {"path": path or "/"} | ({"datastoreId": store.datastore} if store else {})
    return members
