"""The input of a job: the invocation finds it, the plan lists it."""

from dataclasses import dataclass
from typing import Any

import urllib3
from azure.core.exceptions import HttpResponseError
from azure.core.paging import ItemPaged
from azure.storage.blob import BlobProperties, ContainerClient

from shared.contracts.job_spec import Location, blob_uri
from shared.errors import ValidationError
from shared.outbound import ForbiddenAddressError, cause, guarded_http
from shared.storage.account import StorageAccount, error_code
from shared.storage.blobs import container_of, find_blob, is_folder_blob

PAGE_FILES = 5_000
"""Files in one page. List Blobs returns no more in one answer."""

_URL_TIMEOUT = urllib3.Timeout(connect=5, read=15)


def find_input(account: StorageAccount, location: Location) -> Location:
    """Return the location with its final kind: a file if there is one, else a folder with files.

    Raises ValidationError if there is nothing or the service may not read it.
    """
    if location.kind == "url":
        _check_url(account, location)
        return location
    container = container_of(account, location)
    try:
        blob = find_blob(container.get_blob_client(location.path)) if location.path else None
        if blob and not is_folder_blob(blob):
            return location.model_copy(update={"kind": "blob"})
        folder = _as_folder(location, has_folder_blobs=not location.path or blob is not None)
        if _has_files(container, folder):
            return folder
    except HttpResponseError as error:
        if not 400 <= (error.status_code or 500) < 500:
            raise
        raise ValidationError(
            f"the input {blob_uri(location)} cannot be read: {_reason(error, location)}", target="input"
        ) from error
    but = f" besides those that end with {location.excluded_suffix!r}" if location.excluded_suffix else ""
    raise ValidationError(
        f"the input {blob_uri(location)} does not exist or is an empty folder; name a file or a folder with files{but}",
        target="input",
    )


@dataclass(frozen=True)
class InputPage:
    """Paths of some input files, relative to the input, and the start of the next page (None: there is none)."""

    paths: list[str]
    marker: str | None


def list_page(account: StorageAccount, location: Location, marker: str | None) -> InputPage:
    """Return the next files of the input. They are always in the order of their names."""
    if location.kind != "blob_folder":
        return InputPage([location.base_name], None)
    prefix = location.child("")
    pages: Any = _listed(container_of(account, location), location).by_page(continuation_token=marker)
    paths = [name.removeprefix(prefix) for blob in next(pages, []) if (name := _file_name(blob, location))]
    return InputPage(paths, pages.continuation_token or None)


def _as_folder(location: Location, *, has_folder_blobs: bool) -> Location:
    """Return the location as a folder.

    If the folder itself is a blob, the folders inside it are blobs too. For a whole container this cannot be known
    before it is listed.
    """
    changes = {"kind": "blob_folder", "path": location.path.rstrip("/"), "has_folder_blobs": has_folder_blobs}
    return location.model_copy(update=changes)


def _has_files(container: ContainerClient, folder: Location) -> bool:
    return any(_file_name(blob, folder) for blob in _listed(container, folder))


def _listed(container: ContainerClient, folder: Location) -> "ItemPaged[BlobProperties] | ItemPaged[str]":
    """List the blobs below a folder. If all are files, list only names: 18 µs of CPU for each instead of 370."""
    prefix = folder.child("")
    if folder.has_folder_blobs:
        return container.list_blobs(prefix, include=["metadata"], results_per_page=PAGE_FILES)
    return container.list_blob_names(name_starts_with=prefix, results_per_page=PAGE_FILES)


def _file_name(blob: BlobProperties | str, folder: Location) -> str:
    """Return the name of a listed blob, or an empty text if the blob is not a file of the folder."""
    is_folder = blob.endswith("/") if isinstance(blob, str) else is_folder_blob(blob)
    name = blob if isinstance(blob, str) else str(blob.name)
    excluded = folder.excluded_suffix
    return "" if is_folder or (excluded and name.endswith(excluded)) else name


def _check_url(account: StorageAccount, location: Location) -> None:
    """Raise ValidationError unless the URL answers. A redirect is refused: it would bypass the outbound guard."""
    url = blob_uri(location)
    http = guarded_http(allow_loopback=account.is_on_loopback, timeout=_URL_TIMEOUT)
    try:
        answer = http.request("HEAD", location.url, retries=urllib3.Retry(2, redirect=False))
    except (urllib3.exceptions.HTTPError, ForbiddenAddressError) as error:
        raise ValidationError(f"the input {url} cannot be reached: {cause(error)}", target="input") from error
    if 300 <= answer.status < 400:
        target = answer.headers.get("location", "elsewhere")
        raise ValidationError(f"the input {url} redirects to {target}; name that address itself", target="input")
    # Servers that do not know HEAD answer 405 or 501; the node sees later how they answer GET.
    if answer.status >= 400 and answer.status not in {405, 501}:
        raise ValidationError(f"the input {url} cannot be read: HTTP status {answer.status}", target="input")


def _reason(error: HttpResponseError, location: Location) -> str:
    reason = error_code(error) or error.message.strip()
    if location.credential == "anonymous":
        return (
            f"there is no such container, or it is not public ({reason}); make it public, register it as a "
            "datastore, or add a shared access signature to the URL"
        )
    return reason
