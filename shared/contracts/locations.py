"""Where data lies, resolved so far that a node needs no other look-up."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Location(BaseModel):
    """A blob, a folder of blobs, or a plain URL.

    `credential` says how it is read: with the workspace's own `account`, `anonymous`ly, or with the secret of
    a registered datastore (`datastore:<name>`), which is never part of a message or a blob.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["blob_folder", "blob", "url"]
    account_url: str = ""
    """Blob service URL without a trailing slash; empty for `url`."""
    container: str = ""
    path: str = ""
    """Blob name, or folder without a trailing slash (empty for a whole container)."""
    url: str = ""
    """The address of a plain `url`; for blobs empty."""
    credential: str = "account"
    excluded_suffix: str = ""
    """Blobs below a folder whose names end so are none of its files; empty: all are."""
    has_folder_blobs: bool = False
    """Whether there may be blobs below a folder that stand for folders themselves (shared/storage/folder_blobs.py)."""

    def child(self, relative_path: str) -> str:
        """The blob name of `relative_path` below this folder."""
        return f"{self.path}/{relative_path}" if self.path else relative_path

    @property
    def base_name(self) -> str:
        """The last part of the path."""
        return (self.path or self.url.split("?")[0]).rstrip("/").rsplit("/", 1)[-1]
