"""Event Grid's events of new blobs, in its own schema and as CloudEvents 1.0.

Source: "Azure Blob Storage as an Event Grid source" (learn.microsoft.com): types, subjects, `data`.
"""

import re
from typing import Any

from pydantic import AliasChoices, AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from shared.contracts.bodies import parse_model
from shared.errors import ValidationError

BLOB_CREATED = "Microsoft.Storage.BlobCreated"

UNFINISHED_APIS = ("CreateFile", "SftpCreate")
"""Calls that create an empty file to be written. `FlushWithClose` or `SftpCommit` follows at the end."""

_ACCOUNT = re.compile(r".*/storageAccounts/(?P<account>[^/]+)", re.IGNORECASE)
_SUBJECT = re.compile(r"/blobServices/default/containers/(?P<container>[^/]+)/blobs/(?P<blob>.+)", re.DOTALL)


class BlobEventData(BaseModel):
    """`data` of an event: the members that are used here."""

    model_config = ConfigDict(frozen=True)

    api: str = ""
    etag: str = Field(default="", alias="eTag")
    sequencer: str = ""


class BlobCreated(BaseModel):
    """A blob was written. Reads the members of both schemas and ignores others."""

    model_config = ConfigDict(frozen=True)

    id: str
    source: str = Field(validation_alias=AliasChoices("topic", "source"))
    """Resource id of the storage account."""
    subject: str
    time: AwareDatetime = Field(validation_alias=AliasChoices("eventTime", "time"))
    data: BlobEventData

    @field_validator("source")
    @classmethod
    def _is_account(cls, value: str) -> str:
        if not _ACCOUNT.fullmatch(value):
            raise ValueError("it is not the id of a storage account (…/storageAccounts/<name>)")
        return value

    @field_validator("subject")
    @classmethod
    def _is_blob(cls, value: str) -> str:
        if not _SUBJECT.fullmatch(value):
            raise ValueError("it names no blob (/blobServices/default/containers/<container>/blobs/<name>)")
        return value

    @property
    def account(self) -> str:
        """The storage account's name."""
        return self._part(_ACCOUNT, self.source, "account").lower()

    @property
    def container(self) -> str:
        """The blob's container."""
        return self._part(_SUBJECT, self.subject, "container")

    @property
    def blob(self) -> str:
        """The blob's name. Subjects are not percent-encoded."""
        return self._part(_SUBJECT, self.subject, "blob")

    @property
    def content(self) -> str:
        """Identifies one content of the blob. Repeated events of that content have the same value."""
        return self.data.etag.strip('"') or self.data.sequencer or self.id

    @staticmethod
    def _part(pattern: re.Pattern[str], text: str, name: str) -> str:
        match = pattern.fullmatch(text)
        assert match is not None, "the field's validator has looked"
        return match[name]


def read_event(content: dict[str, Any]) -> BlobCreated | None:
    """Return the new blob of an event; None for another type of event or a blob that is not complete yet.

    Raises ValidationError for anything that is not an event of Event Grid.
    """
    kind = content.get("eventType") or content.get("type")
    if not kind:
        raise ValidationError(
            "the message has neither eventType nor type; send an event in Event Grid's schema, or a CloudEvent",
            target="eventType",
        )
    if kind != BLOB_CREATED:
        return None
    event = parse_model(BlobCreated, content, prefix="")
    return event if event.data.api not in UNFINISHED_APIS else None
