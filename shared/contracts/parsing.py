"""From the JSON of a request to a typed object, with errors that name the member as the caller wrote it."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic import ValidationError as PydanticValidationError

from shared.errors import MAX_DETAILS, ValidationError

Model = TypeVar("Model", bound=BaseModel)
"""The type that is read."""

_SHOWN = 100
"""Characters of a wrong value that a message repeats."""


def parse_model(model: type[Model], data: Any, prefix: str = "properties") -> Model:
    """Read `data`; raises ValidationError whose details name every wrong member, each below `prefix`."""
    try:
        return model.model_validate(data)
    except PydanticValidationError as error:
        raise validation_error(error.errors(include_url=False), prefix) from None


def validation_error(errors: Iterable[Mapping[str, Any]], prefix: str = "") -> ValidationError:
    """One error for all findings of pydantic or FastAPI."""
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
