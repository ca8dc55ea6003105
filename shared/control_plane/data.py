"""Versions of data assets: a file or folder by name."""

from shared.contracts.parsing import parse_model
from shared.contracts.requests import ResourceBody
from shared.contracts.resources import DataProperties
from shared.control_plane.datastore_uris import place_of
from shared.control_plane.references import must_exist
from shared.control_plane.resolution import resolve_uri
from shared.control_plane.saving import Change, Saved
from shared.control_plane.versions import put_version
from shared.control_plane.workspace import Workspace


def put_data(
    workspace: Workspace, name: str, version: str, body: ResourceBody, change: Change
) -> Saved[DataProperties]:
    """Create a version of a data asset, or change its description, tags or archive flag.

    Raises ValidationError for a URI that points nowhere that could be read, ConflictError when the version exists
    with other content.
    """
    properties = parse_model(DataProperties, body.properties)
    if workspace.data.find(name, version) is None:
        with must_exist("dataUri"):
            resolve_uri(workspace, properties.data_uri, "dataUri", via=(name.lower(),))

    def content(data: DataProperties) -> object:
        return place_of(workspace.settings, data.data_uri), data.data_type

    return put_version(workspace.data, name, version, properties, change, content=content)
