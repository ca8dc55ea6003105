"""Durations as they travel: ISO 8601 texts such as `PT30S`."""

from datetime import timedelta

from pydantic import TypeAdapter
from pydantic import ValidationError as PydanticValidationError

from shared.errors import ValidationError

_TIMEDELTA = TypeAdapter(timedelta)


def seconds_of(text: str, field: str) -> float:
    """The seconds of an ISO 8601 duration; raises ValidationError that names `field`."""
    if text.upper().lstrip("-").startswith("P"):
        try:
            return _TIMEDELTA.validate_python(text.upper()).total_seconds()
        except PydanticValidationError:
            pass
    raise ValidationError(f"{field} {text!r} is not valid: use an ISO 8601 duration such as PT30S", target=field)


def duration_text(seconds: float) -> str:
    """The ISO 8601 text of a number of seconds."""
    return f"PT{seconds:g}S" if seconds < 1_000_000 else f"PT{round(seconds)}S"
