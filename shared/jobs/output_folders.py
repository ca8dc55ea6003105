"""An output that would have the name of a folder, or lie in a folder that is a file.

Blob storage keeps both side by side. A hierarchical namespace and the disk that a job is downloaded to cannot.
"""

from collections.abc import Iterator

from azure.storage.blob import ContainerClient

from shared.contracts.job_spec import OutputSpec
from shared.errors import OutputExistsError
from shared.storage.folder_blobs import find_blob, is_folder_blob
from shared.storage.locations import blob_uri


def check_no_folder(container: ContainerClient, output: OutputSpec) -> None:
    """Raise OutputExistsError when a file of the output is a folder already, or when its folder is a file."""
    for path in (output.file_path, output.errors_path):
        if next(iter(container.list_blob_names(name_starts_with=f"{path}/", results_per_page=1)), None):
            raise _refused(output, path, "is a folder that has files")
    for folder in _folders(output.folder.path):
        found = find_blob(container.get_blob_client(folder))
        if found and not is_folder_blob(found):
            raise _refused(output, folder, "is a file, so no output can lie below it")


def _folders(path: str) -> Iterator[str]:
    """The folder and those above it."""
    parts = path.split("/") if path else []
    return ("/".join(parts[:count]) for count in range(len(parts), 0, -1))


def _refused(output: OutputSpec, path: str, why: str) -> OutputExistsError:
    where = blob_uri(output.folder.model_copy(update={"path": path}))
    return OutputExistsError(f"{where} {why}; name another path or output_file_name", target="output_file_name")
