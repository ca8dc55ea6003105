"""A compute as the management API spells it."""

from typing import Any

from cli.yaml_files.compute_form import ComputeForm
from shared.contracts.durations import duration_text

_TIERS = {"dedicated": "Dedicated", "lowpriority": "LowPriority"}


def compute_body(form: ComputeForm, location: str | None) -> dict[str, Any]:
    """The body of a PUT; what the form does not say is left to the service."""
    idle = form.idle_time_before_scale_down
    scale = {
        "minNodeCount": form.min_instances,
        "maxNodeCount": form.max_instances,
        "nodeIdleTimeBeforeScaleDown": None if idle is None else duration_text(idle),
    }
    cluster = {"vmSize": form.size, "vmPriority": _TIERS.get(form.tier or ""), "scaleSettings": _given(scale)}
    properties = {"computeType": "AmlCompute", "description": form.description, "properties": _given(cluster)}
    return _given({"location": location, "tags": form.tags, "properties": _given(properties)})


def _given(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
