"""How a job scores, and the fields of the REST bodies. All of it is made from the table of settings."""

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, create_model

from shared.contracts.bodies import ArmModel, TextMap, duration_text
from shared.contracts.settings_table import (
    JOB_SETTINGS,
    SCORING_SETTINGS,
    SETTINGS,
    Setting,
    SettingValues,
    as_tree,
    fields_of,
)

Model = TypeVar("Model", bound=BaseModel)
"""The model that gets more fields."""


def with_fields(fields: Mapping[str, Any]) -> Callable[[type[Model]], type[Model]]:
    """Return a decorator that adds fields to a model."""

    def extended(model: type[Model]) -> type[Model]:
        names = {"__module__": model.__module__, "__doc__": model.__doc__}
        return create_model(model.__name__, __base__=model, **names, **fields)  # type: ignore[call-overload, no-any-return]  # names of fields are data

    return extended


def _type(setting: Setting) -> Any:
    return setting.type | None if setting.default is None else setting.type


@with_fields({setting.name: (_type(setting), Field(setting.default, **setting.bounds)) for setting in SCORING_SETTINGS})
class ScoringSettings(SettingValues, BaseModel):
    """The settings of one job: the deployment's settings with the overrides of the invocation.

    Unknown ones are ignored: a node may run an earlier image than the application.
    """

    model_config = ConfigDict(frozen=True)

    @property
    def tries(self) -> int:
        """How often a mini-batch is tried before its items count as failed."""
        return max(1, self.max_retries)


def deployment_fields() -> dict[str, Any]:
    """Return the fields of all settings in the properties of a deployment."""
    return fields_of(as_tree((setting.member, setting) for setting in SETTINGS), _member, _members)


def invocation_fields() -> dict[str, Any]:
    """Return the fields of the settings that a job may override, in the properties of an invocation."""
    return fields_of(as_tree((setting.job_member, setting) for setting in JOB_SETTINGS), _override, _members)


def value_at(properties: BaseModel, path: str) -> Any:
    """Return the value at a path of snake_case names."""
    return reduce(getattr, path.split("."), properties)


def wire_value(setting: Setting, value: Any) -> Any:
    """Return the value for a JSON body: durations in ISO 8601, words in ARM's spelling, None as it is."""
    if value is None:
        return None
    if setting.is_duration:
        return duration_text(value)
    return setting.type(value).value if setting.words else value


def _member(setting: Setting) -> Any:
    if setting.type is dict:
        return TextMap, Field(default_factory=dict)
    if setting.is_duration and setting.default is not None:
        return str, duration_text(setting.default)
    return (str | None, None) if setting.is_duration else (_type(setting), Field(setting.default, **setting.bounds))


def _override(setting: Setting) -> Any:
    if setting.type is dict:
        return _member(setting)
    return (str | None, None) if setting.is_duration else (setting.type | None, Field(None, **setting.bounds))


def _members(key: str, fields: dict[str, Any]) -> Any:
    model = create_model(key, __base__=ArmModel, **fields)
    return model, model()
