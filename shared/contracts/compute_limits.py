"""How a compute scales."""

from pydantic import BaseModel, ConfigDict


class ComputeLimits(BaseModel):
    """The part of a compute that its sizing needs."""

    model_config = ConfigDict(frozen=True)

    compute: str
    min_instances: int
    max_instances: int
    idle_seconds: float
    """An instance without work for so long may be removed."""
