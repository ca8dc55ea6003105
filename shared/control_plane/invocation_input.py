"""The input that the body of an invocation names, in Azure ML's form of 2021 (`dataset`) or of today (`inputData`)."""

from shared.contracts.invoke import InvokeProperties
from shared.contracts.locations import Location
from shared.contracts.names import ASSET_NAME, ASSET_VERSION
from shared.control_plane.resolution import resolve_data_asset, resolve_uri
from shared.control_plane.workspace import Workspace
from shared.errors import ValidationError

_FILE_INPUTS = {"urifile", "urifolder"}


def input_location(workspace: Workspace, body: InvokeProperties) -> Location:
    """The place of the input, whether or not something is there.

    Raises ValidationError for a body that names none or several, NotFoundError for a datastore or data asset.
    """
    if body.dataset and body.input_data:
        raise ValidationError("the body has both dataset and inputData; give one of them", target="inputData")
    if body.input_data:
        return _today_input(workspace, body)
    if body.dataset is None:
        raise ValidationError("the body names no input; give inputData or dataset", target="inputData")
    dataset, kind = body.dataset, body.dataset.data_input_type
    if kind == "DataUrl":
        return resolve_uri(workspace, _required(dataset.path, "dataset.path", kind), "dataset.path")
    if kind == "DatasetId":
        return resolve_uri(workspace, _required(dataset.dataset_id, "dataset.datasetId", kind), "dataset.datasetId")
    name = ASSET_NAME.check(_required(dataset.dataset_name, "dataset.datasetName", kind), "dataset.datasetName")
    if version := dataset.dataset_version:
        ASSET_VERSION.check(version, "dataset.datasetVersion")
    return resolve_data_asset(workspace, name, version)


def _today_input(workspace: Workspace, body: InvokeProperties) -> Location:
    if len(body.input_data) > 1:
        raise ValidationError(
            f"inputData has {len(body.input_data)} entries; a model deployment takes one", target="inputData"
        )
    ((key, value),) = body.input_data.items()
    field = f"inputData.{key}"
    if value.job_input_type.lower() not in _FILE_INPUTS:
        raise ValidationError(
            f"{field}.jobInputType {value.job_input_type!r} is not supported; use UriFolder or UriFile", target=field
        )
    location = resolve_uri(workspace, _required(value.uri, f"{field}.uri", value.job_input_type), f"{field}.uri")
    return location.model_copy(update={"excluded_suffix": value.exclude_suffix})


def _required(value: str | None, field: str, kind: str) -> str:
    if not value:
        raise ValidationError(f"{field} is required with {kind}", target=field)
    return value
