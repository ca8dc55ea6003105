"""What management requests share."""

from typing import Any

from pydantic import Field, field_validator

from shared.contracts.resources import ArmModel, TextMap
from shared.contracts.settings import AnyCaseEnum


class ResourceBody(ArmModel):
    """The body of a PUT: the ARM envelope around a resource's properties."""

    properties: dict[str, Any] = Field(default_factory=dict)
    tags: TextMap | None = None
    """None leaves those of an existing resource as they are."""
    location: str | None = None
    identity: dict[str, Any] | None = None

    @field_validator("identity")
    @classmethod
    def _no_user_identity(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        kind = str((value or {}).get("type", "None"))
        if kind not in {"None", "SystemAssigned"}:
            raise ValueError(f"identity type {kind!r} is not supported: use SystemAssigned or leave it out")
        return value


class ListView(AnyCaseEnum):
    """Which assets a list shows (`listViewType`)."""

    ACTIVE_ONLY = "ActiveOnly"
    ARCHIVED_ONLY = "ArchivedOnly"
    ALL = "All"

    def shows(self, is_archived: bool) -> bool:
        """Whether the list has an asset of this state."""
        return self is ListView.ALL or is_archived == (self is ListView.ARCHIVED_ONLY)
