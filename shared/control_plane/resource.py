"""A stored resource: its ARM properties, its name as first written, and who made and changed it when."""

from datetime import datetime
from typing import Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.contracts.resources import ArmModel

Properties = TypeVar("Properties", bound=ArmModel)
"""The ARM properties of a kind of resource."""


class Author(BaseModel):
    """Who made or changed a resource."""

    model_config = ConfigDict(frozen=True)

    name: str = ""
    kind: str = "User"
    """`User` or `Application` (ARM's `createdByType`)."""


class Resource(BaseModel, Generic[Properties]):
    """One resource of the workspace. `names` lead to it: the parents' first, its own last."""

    model_config = ConfigDict(frozen=True)

    names: tuple[str, ...]
    """Spelled as at creation; names are compared without regard to case."""
    properties: Properties
    tags: dict[str, str] = Field(default_factory=dict)
    created: AwareDatetime
    created_by: Author = Author()
    modified: AwareDatetime
    modified_by: Author = Author()

    @property
    def name(self) -> str:
        """Its own name."""
        return self.names[-1]

    @property
    def key(self) -> str:
        """Sorts resources of a kind by their names."""
        return ":".join(self.names).lower()

    def changed(
        self, properties: Properties, tags: dict[str, str] | None, by: Author, now: datetime
    ) -> "Resource[Properties]":
        """The same resource with other properties, and other tags unless None."""
        update = {"properties": properties, "modified": now, "modified_by": by}
        return self.model_copy(update=update if tags is None else update | {"tags": tags})
