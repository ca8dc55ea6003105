"""Versions of models: MLflow folders, or any file or folder that a script loads."""

from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from shared.contracts.bodies import ResourceBody, parse_model
from shared.contracts.job_spec import Location
from shared.contracts.resources import ModelProperties
from shared.control_plane.assets.locations import model_location
from shared.control_plane.assets.versions import put_version
from shared.control_plane.assets.yaml_text import read_yaml
from shared.control_plane.datastores.locations import place_of
from shared.control_plane.references import must_exist
from shared.control_plane.upsert import Change, Upserted
from shared.control_plane.workspace import Workspace
from shared.errors import ValidationError
from shared.storage.account import StorageAccount
from shared.storage.blobs import container_of


def put_model(
    workspace: Workspace, name: str, version: str, body: ResourceBody, change: Change
) -> Upserted[ModelProperties]:
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


FILE_NAME = "MLmodel"
PYTHON_FUNCTION = "python_function"
"""The flavor that can score anything; batch endpoints need it."""

_MAX_BYTES = 4 * 1024 * 1024


def read_flavors(account: StorageAccount, folder: Location) -> dict[str, Any]:
    """The flavors of the MLflow model in a folder; raises ValidationError that says what is wrong with it."""
    if folder.kind != "blob_folder":
        raise _refused(folder, f"it is a file; an MLflow model is a folder with a file {FILE_NAME!r}")
    try:
        blob = container_of(account, folder).get_blob_client(folder.child(FILE_NAME))
        text = blob.download_blob(offset=0, length=_MAX_BYTES).readall()
    except ResourceNotFoundError as error:
        raise _refused(folder, f"it has no file {FILE_NAME!r}; register it as custom_model if it is none") from error
    return _flavors(text, folder)


def _flavors(text: bytes, folder: Location) -> dict[str, Any]:
    try:
        content = read_yaml(text.decode("utf-8-sig"), f"its {FILE_NAME}", "modelUri")
    except UnicodeDecodeError as error:
        raise _refused(folder, f"its {FILE_NAME} is not UTF-8 text") from error
    except ValidationError as error:
        raise _refused(folder, error.message) from error
    flavors = content.get("flavors") if isinstance(content, dict) else None
    if not isinstance(flavors, dict) or not flavors:
        raise _refused(folder, f"its {FILE_NAME} names no flavors")
    return {str(name): {"data": _as_text(data)} for name, data in flavors.items()}


def _as_text(data: Any) -> dict[str, str]:
    """ARM's flavor data has text values only."""
    return {str(key): str(value) for key, value in data.items()} if isinstance(data, dict) else {}


def _refused(folder: Location, reason: str) -> ValidationError:
    return ValidationError(f"{folder.path or folder.container!r} is not an MLflow model: {reason}", target="modelUri")
