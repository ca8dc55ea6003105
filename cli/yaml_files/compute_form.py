"""The compute in a YAML file."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from cli.yaml_files.form import FileForm, Text, Variables, Whole
from cli.yaml_files.names import ComputeName


def _word(value: Any) -> Any:
    return value.replace("_", "").lower() if isinstance(value, str) else value


class ComputeForm(FileForm):
    """A compute cluster file. Defaults are the service's own."""

    name: ComputeName | None = None
    """May also be given as `--name`."""
    type: Annotated[Literal["amlcompute"], BeforeValidator(_word)] = "amlcompute"
    description: Text | None = None
    tags: Variables = Field(default_factory=dict)
    location: str | None = None
    size: str | None = None
    tier: Annotated[Literal["dedicated", "lowpriority"], BeforeValidator(_word)] | None = None
    min_instances: Whole | None = Field(default=None, ge=0)
    max_instances: Whole | None = Field(default=None, ge=1)
    idle_time_before_scale_down: Whole | None = Field(default=None, ge=0)
    """Seconds."""

    @model_validator(mode="after")
    def _bounds(self) -> "ComputeForm":
        if (
            self.min_instances is not None
            and self.max_instances is not None
            and self.min_instances > self.max_instances
        ):
            raise ValueError(f"min_instances ({self.min_instances}) is above max_instances ({self.max_instances})")
        return self
