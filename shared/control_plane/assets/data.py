"""Versions of data assets: a file or folder by name."""

from shared.contracts.bodies import ResourceBody, parse_model
from shared.contracts.resources import DataProperties
from shared.control_plane.assets.locations import resolve_uri
from shared.control_plane.assets.versions import put_version
from shared.control_plane.datastores.locations import place_of
from shared.control_plane.references import must_exist
from shared.control_plane.upsert import Change, Upserted
from shared.control_plane.workspace import Workspace


def put_data(
    workspace: Workspace, name: str, version: str, body: ResourceBody, change: Change
) -> Upserted[DataProperties]:
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
