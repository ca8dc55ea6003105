"""Versions of models: MLflow folders, or any file or folder that a script loads."""

from shared.contracts.parsing import parse_model
from shared.contracts.requests import ResourceBody
from shared.contracts.resources import ModelProperties
from shared.control_plane.asset_locations import model_location
from shared.control_plane.datastore_uris import place_of
from shared.control_plane.mlmodel import read_flavors
from shared.control_plane.references import must_exist
from shared.control_plane.saving import Change, Saved
from shared.control_plane.versions import put_version
from shared.control_plane.workspace import Workspace
from shared.errors import ValidationError


def put_model(
    workspace: Workspace, name: str, version: str, body: ResourceBody, change: Change
) -> Saved[ModelProperties]:
    """Create a version of a model, or change its description, tags or archive flag.

    Raises ValidationError when nothing is at its URI or an MLflow model has no `MLmodel`, ConflictError when the
    version exists with other content.
    """
    properties = parse_model(ModelProperties, body.properties)
    if properties.model_type == "triton_model":
        raise ValidationError("modelType 'triton_model' is not supported: use mlflow_model or custom_model")
    existing = workspace.models.find(name, version)
    if existing is None:
        properties = _inspected(workspace, properties)
    else:
        properties = properties.model_copy(update={"flavors": existing.document.properties.flavors})

    def content(model: ModelProperties) -> object:
        return place_of(workspace.settings, model.model_uri), model.model_type

    return put_version(workspace.models, name, version, properties, change, content=content)


def _inspected(workspace: Workspace, properties: ModelProperties) -> ModelProperties:
    """The properties with the flavors that the model's files name."""
    with must_exist("modelUri"):
        location = model_location(workspace, properties.model_uri)
    if properties.model_type != "mlflow_model":
        return properties
    return properties.model_copy(update={"flavors": read_flavors(workspace.account, location)})
