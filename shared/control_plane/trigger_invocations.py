"""What a blob trigger may invoke: nothing that could not run, and nothing that would start itself again."""

from shared.contracts.blob_triggers import BlobTriggerProperties
from shared.contracts.invoke import InvokeProperties
from shared.contracts.locations import Location
from shared.control_plane.job_starters import DEFINITION, check_targets, invocation_body
from shared.control_plane.resolution import resolve_datastore, resolve_uri
from shared.control_plane.workspace import Workspace
from shared.errors import ValidationError
from shared.storage.containers import DEFAULT_DATASTORE

_ENDS_WITH = "properties.trigger.endsWith"


def check_trigger(workspace: Workspace, properties: BlobTriggerProperties, folder: Location) -> None:
    """Raise ValidationError, or NotFoundError for what an enabled trigger names; it watches `folder`."""
    body = invocation_body(properties.invocation, "jobs of a trigger are named after it and the blob")
    if body.dataset or body.input_data:
        member = f"{DEFINITION}.{'dataset' if body.dataset else 'inputData'}"
        raise ValidationError(f"{member} is not allowed: the new blob, or its folder, is the input", target=member)
    if properties.trigger.job_input_type == "UriFolder" and not properties.trigger.ends_with:
        raise ValidationError(
            f"{_ENDS_WITH} is missing: with UriFolder it names the marker that says that the folder is complete, such "
            "as _SUCCESS",
            target=_ENDS_WITH,
        )
    _check_output(workspace, body, folder)
    check_targets(workspace, properties, body)


def _check_output(workspace: Workspace, body: InvokeProperties, watched: Location) -> None:
    """Outputs in a place of their own must not lie where they would start the next job."""
    for output in _output_folders(workspace, body):
        same = (output.account_url.lower(), output.container) == (watched.account_url.lower(), watched.container)
        if same and (_is_below(output.path, watched.path) or _is_below(watched.path, output.path)):
            raise ValidationError(
                f"{DEFINITION}: the outputs in {output.path!r} and the new blobs in {watched.path!r} would lie in one "
                "another, and each job would start the next; name another folder, or none for the default one",
                target=DEFINITION,
            )


def _output_folders(workspace: Workspace, body: InvokeProperties) -> list[Location]:
    """Those that the invocation names; the default ones, `azureml/<job id>`, start nothing anywhere."""
    placed = [output for output in body.output_data.values() if output.uri]
    folders = [resolve_uri(workspace, output.folder_uri, "outputData.uri") for output in placed]
    if body.output_dataset and body.output_dataset.path:
        datastore = (body.output_dataset.datastore_id or DEFAULT_DATASTORE).removeprefix("azureml:").strip()
        folders.append(resolve_datastore(workspace, datastore, body.output_dataset.path, "outputDataset.datastoreId"))
    return folders


def _is_below(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")
