"""The output of an invocation in today's form: one URI."""

from typing import Any

from cli.errors import UsageError
from cli.uploads.datastore import DatastorePath

_KINDS = {"folder:": "uri_folder", "file:": "uri_file"}
"""How autumn 2021 said it."""


def place_output(place: str, kind: str | None) -> dict[str, Any]:
    """Members of the body for an output folder, or with `uri_file` an output file."""
    for prefix, told in _KINDS.items():
        if place.startswith(prefix):
            place, kind = place.removeprefix(prefix), told
    store = DatastorePath.parse(place)
    if store is None and "://" in place:
        raise UsageError(
            f"the output {place!r} is not in a datastore", mend="Write azureml://datastores/<name>/paths/<folder>"
        )
    path = (store.path if store else place).rstrip("/")
    members: dict[str, Any] = {}
    if kind == "uri_file":
        path, _, members["outputFileName"] = path.rpartition("/")
        members["outputData"] = {"score": {"jobOutputType": "UriFile"}}
    members["outputDataset"] = {"path": path or "/"} | ({"datastoreId": store.datastore} if store else {})
    return members
