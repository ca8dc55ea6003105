"""Checks of versions of models, data and environments before they are stored."""

from typing import Any

import yaml
from azure.core.exceptions import ResourceNotFoundError

from shared.contracts.bodies import ResourceBody, parse_model
from shared.contracts.job_spec import Location
from shared.contracts.resources import DataProperties, EnvironmentProperties, ModelProperties
from shared.control_plane.assets.locations import model_location, resolve_uri
from shared.control_plane.assets.versions import put_version
from shared.control_plane.datastores.locations import place_of
from shared.control_plane.references import must_exist
from shared.control_plane.resource_table import Change, Upserted
from shared.control_plane.workspace import Workspace
from shared.errors import ValidationError
from shared.storage.account import StorageAccount
from shared.storage.blobs import container_of, read_start


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
    """Return the properties with the flavors that the model's files name."""
    with must_exist("modelUri"):
        location = model_location(workspace, properties.model_uri)
    if properties.model_type != "mlflow_model":
        return properties
    return properties.model_copy(update={"flavors": read_flavors(workspace.account, location)})


MLMODEL_FILE = "MLmodel"
PYTHON_FUNCTION = "python_function"
"""The flavor that every MLflow model for batch endpoints needs."""

_MLMODEL_BYTES = 4 * 1024 * 1024


def read_flavors(account: StorageAccount, folder: Location) -> dict[str, Any]:
    """Return the flavors of the MLflow model in a folder. Raises ValidationError that says what is wrong with it."""
    if folder.kind != "blob_folder":
        raise _not_mlflow(folder, f"it is a file; an MLflow model is a folder with a file {MLMODEL_FILE!r}")
    try:
        blob = container_of(account, folder).get_blob_client(folder.child(MLMODEL_FILE))
        text = read_start(blob, _MLMODEL_BYTES)
    except ResourceNotFoundError as error:
        raise _not_mlflow(
            folder, f"it has no file {MLMODEL_FILE!r}; register another kind of model as custom_model"
        ) from error
    return _flavors(text, folder)


def _flavors(text: bytes, folder: Location) -> dict[str, Any]:
    try:
        content = read_yaml(text.decode("utf-8-sig"), f"its {MLMODEL_FILE}", "modelUri")
    except UnicodeDecodeError as error:
        raise _not_mlflow(folder, f"its {MLMODEL_FILE} is not UTF-8 text") from error
    except ValidationError as error:
        raise _not_mlflow(folder, error.message) from error
    flavors = content.get("flavors") if isinstance(content, dict) else None
    if not isinstance(flavors, dict) or not flavors:
        raise _not_mlflow(folder, f"its {MLMODEL_FILE} names no flavors")
    return {str(name): {"data": _as_text(data)} for name, data in flavors.items()}


def _as_text(data: Any) -> dict[str, str]:
    """Return the values as texts, because ARM's flavor data has only texts."""
    return {str(key): str(value) for key, value in data.items()} if isinstance(data, dict) else {}


def _not_mlflow(folder: Location, reason: str) -> ValidationError:
    return ValidationError(f"{folder.path or folder.container!r} is not an MLflow model: {reason}", target="modelUri")


def put_data(
    workspace: Workspace, name: str, version: str, body: ResourceBody, change: Change
) -> Upserted[DataProperties]:
    """Create a version of a data asset, or change its description, tags or archive flag.

    Raises ValidationError for a URI that cannot be read, ConflictError when the version exists with other content.
    """
    properties = parse_model(DataProperties, body.properties)
    if workspace.data.find(name, version) is None:
        with must_exist("dataUri"):
            resolve_uri(workspace, properties.data_uri, "dataUri", via=(name.lower(),))

    def content(data: DataProperties) -> object:
        return place_of(workspace.settings, data.data_uri), data.data_type

    return put_version(workspace.data, name, version, properties, change, content=content)


def put_environment(
    workspace: Workspace, name: str, version: str, body: ResourceBody, change: Change
) -> Upserted[EnvironmentProperties]:
    """Create a version of an environment, or change its description, tags or archive flag.

    Raises ValidationError for an invalid conda file, ConflictError when the version exists with other content.
    """
    if any(key.lower() == "build" and value for key, value in body.properties.items()):
        raise ValidationError(
            "properties.build is not supported: name a ready image, and a condaFile for its packages",
            target="properties.build",
        )
    properties = parse_model(EnvironmentProperties, body.properties)
    if not properties.image and not properties.conda_file:
        raise ValidationError("an environment needs properties.image, properties.condaFile or both", target="image")
    _conda(properties.conda_file)
    return put_version(workspace.environments, name, version, properties, change, content=_environment_content)


def _environment_content(environment: EnvironmentProperties) -> object:
    return environment.image or "", _conda(environment.conda_file), environment.os_type


def _conda(text: str | None) -> Any:
    """Return the content of the conda file without layout and comments. Raises ValidationError."""
    if not text:
        return None
    content = read_yaml(text, "properties.condaFile", "condaFile")
    if not isinstance(content, dict) or not isinstance(content.get("dependencies"), list):
        raise ValidationError("properties.condaFile must be YAML with a list 'dependencies'", target="condaFile")
    return content


MAX_VALUES = 20_000
"""Values in a document. Aliases count each time they repeat a value: a few lines can stand for billions.

Ten thousand values take a second of a processor, which serves nobody else meanwhile.
"""


class _TooManyValuesError(Exception):
    """The document has more than MAX_VALUES values."""


class _TextLoader(yaml.SafeLoader):
    """Reads single values as texts, whatever tag they have."""

    _nodes = 0

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own attribute
        first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith(":merge")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose the next node; raises _TooManyValuesError as soon as there are too many."""
        self._nodes += 1
        if self._nodes > MAX_VALUES:
            raise _TooManyValuesError
        return super().compose_node(parent, index)

    def construct_text(self, node: yaml.ScalarNode) -> str:
        """Return the characters of the value."""
        return str(self.construct_scalar(node))


for _name in ("bool", "int", "float", "null", "timestamp", "binary"):  # `!!int ""` would raise IndexError
    _TextLoader.add_constructor(f"tag:yaml.org,2002:{_name}", _TextLoader.construct_text)


def read_yaml(text: str | bytes, what: str, field: str) -> Any:
    """Return the content, with single values as texts: `3.10` is a version, not the number 3.1.

    Raises ValidationError that says what is wrong with `what`.
    """
    try:
        loader = _TextLoader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            if _values(node, {}) > MAX_VALUES:
                raise _TooManyValuesError
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except _TooManyValuesError:
        raise ValidationError(f"{what} stands for more than {MAX_VALUES:,} values", target=field) from None
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ValidationError(f"{what} is not valid YAML: {reason}", target=field) from error
    except RecursionError:
        raise ValidationError(f"{what} is not accepted: its lists and mappings are too deep", target=field) from None


def _values(node: yaml.Node, known: dict[int, int]) -> int:
    """Return how many values a node stands for. A node that contains itself has more than MAX_VALUES."""
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = MAX_VALUES + 1  # until its parts are counted
    if isinstance(node, yaml.MappingNode):
        parts = [part for pair in node.value for part in pair]
    else:
        parts = node.value if isinstance(node, yaml.SequenceNode) else []
    known[id(node)] = 1 + sum(_values(part, known) for part in parts)
    return known[id(node)]
