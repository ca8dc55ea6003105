"""The common parts of management requests: members in any case, envelopes, durations, errors."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic import ValidationError as PydanticValidationError
from pydantic.alias_generators import to_camel

from shared.contracts.names import first_repeated
from shared.contracts.settings_table import AnyCaseEnum
from shared.errors import MAX_DETAILS, ValidationError


class ArmModel(BaseModel):
    """Reads camelCase members in any case, and keeps unknown ones. Null means the same as absent."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow", frozen=True)

    read_only: ClassVar[frozenset[str]] = frozenset()
    """Members of answers, in lower case. Requests may have them too, because clients send back what they got."""

    @model_validator(mode="before")
    @classmethod
    def _any_case(cls, data: Any) -> Any:
        """Give members the spelling of their field: Azure ML reads their names in any case."""
        if not isinstance(data, dict):
            return data
        spelling = {to_camel(name).lower(): to_camel(name) for name in cls.model_fields}
        snake = {name: to_camel(name) for name in cls.model_fields}
        given = {key: value for key, value in data.items() if value is not None and key.lower() not in cls.read_only}
        names = {key: snake.get(key) or spelling.get(key.lower(), key) for key in given}
        if (twice := first_repeated(names.values())) is not None:
            spelled = " and ".join(repr(key) for key, name in names.items() if name == twice)
            raise ValueError(f"{spelled} are the same member; give it once")
        return {names[key]: value for key, value in given.items()}

    @field_validator("*", mode="before")
    @classmethod
    def _no_boolean_as_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Raise ValueError for a boolean, because pydantic would read true as 1."""
        if isinstance(value, bool) and cls.model_fields[str(info.field_name)].annotation in (int, int | None):
            raise ValueError("a number is needed")
        return value

    def to_arm(self) -> dict[str, Any]:
        """Return the members as a JSON body has them."""
        return self.model_dump(by_alias=True, mode="json", exclude_none=True)


def _as_texts(value: Any) -> Any:
    """Turn the values of a map into texts: the official client sends a number for `hash_version`."""
    if not isinstance(value, dict):
        return value
    scalars = {key: json.dumps(item) if isinstance(item, int | float) else item for key, item in value.items()}
    return {key: item for key, item in scalars.items() if item is not None}


TextMap = Annotated[dict[str, str], BeforeValidator(_as_texts)]
"""Names and texts. Numbers and booleans become their JSON text."""


class ResourceBody(ArmModel):
    """The body of a PUT: the ARM envelope around a resource's properties."""

    properties: dict[str, Any] = Field(default_factory=dict)
    tags: TextMap | None = None
    """None keeps the tags of an existing resource."""
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
    """The assets that a list shows (`listViewType`)."""

    ACTIVE_ONLY = "ActiveOnly"
    ARCHIVED_ONLY = "ArchivedOnly"
    ALL = "All"

    def shows(self, is_archived: bool) -> bool:
        """Return whether the list has an asset of this state."""
        return self is ListView.ALL or is_archived == (self is ListView.ARCHIVED_ONLY)


LONGEST_SECONDS = 36_500 * 86_400.0
"""A hundred years. Longer durations would lead outside the calendar."""

_TIMEDELTA = TypeAdapter(timedelta)


def seconds_of(text: str, field: str) -> float:
    """Return the seconds of an ISO 8601 duration; raises ValidationError that names `field`."""
    if text.upper().lstrip("-").startswith("P"):
        try:
            seconds = _TIMEDELTA.validate_python(text.upper()).total_seconds()
        except PydanticValidationError:
            pass
        else:
            return _within_limits(seconds, text, field)
    raise ValidationError(f"{field} {text!r} is not valid: use an ISO 8601 duration such as PT30S", target=field)


def _within_limits(seconds: float, text: str, field: str) -> float:
    if abs(seconds) > LONGEST_SECONDS:
        raise ValidationError(f"{field} {text!r} is not valid: use at most a hundred years, P36500D", target=field)
    return seconds


def duration_text(seconds: float) -> str:
    """Return the ISO 8601 text of a number of seconds."""
    return f"PT{seconds:g}S" if seconds < 1_000_000 else f"PT{round(seconds)}S"


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def _text(value: Any) -> Any:
    """Raise ValueError for a number, because pydantic would read it as seconds since 1970, even in a text."""
    if isinstance(value, datetime) or value is None or (isinstance(value, str) and _DATE.match(value)):
        return value
    raise ValueError("it is not an ISO 8601 moment such as 2026-11-30T06:00:00Z")


Instant = Annotated[AwareDatetime, BeforeValidator(_text)]
"""A moment with an offset."""

LocalOrInstant = Annotated[datetime, BeforeValidator(_text)]
"""A moment with or without an offset."""

Model = TypeVar("Model", bound=BaseModel)
"""The type of the result."""

_SHOWN = 100
"""Characters of a wrong value that a message repeats."""


def parse_model(model: type[Model], data: Any, prefix: str = "properties") -> Model:
    """Read `data`; raises ValidationError whose details name every wrong member, each below `prefix`."""
    try:
        return model.model_validate(data)
    except PydanticValidationError as error:
        raise validation_error(error.errors(include_url=False), prefix) from None


def validation_error(errors: Iterable[Mapping[str, Any]], prefix: str = "") -> ValidationError:
    """Return one error for all findings of pydantic or FastAPI."""
    every = list(errors)
    found = [_finding(error, prefix) for error in every[:MAX_DETAILS]]
    if len(found) == 1:
        return found[0]
    more = f"; and {len(every) - len(found)} more" if len(every) > len(found) else ""
    message = "; ".join(error.message for error in found) + more
    return ValidationError(message, target=found[0].target, details=found)


def _finding(error: Mapping[str, Any], prefix: str) -> ValidationError:
    field = ".".join([*([prefix] if prefix else []), *(_short(str(part)) for part in error["loc"])])
    hidden = error["type"] == "missing" or "credentials" in field.lower()
    value = "" if hidden else f", not {_shown(error['input'])}"
    reason = str(error["msg"]).removeprefix("Value error, ")
    return ValidationError(f"{field}: {reason[:1].lower()}{reason[1:]}{value}", target=field)


def _shown(value: Any) -> str:
    return _short(repr(value))


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
