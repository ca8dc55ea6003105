"""Durations as they travel: ISO 8601 texts such as `PT30S`."""

from datetime import timedelta

from pydantic import TypeAdapter
from pydantic import ValidationError as PydanticValidationError

from shared.errors import ValidationError

LONGEST_SECONDS = 36_500 * 86_400.0
"""A hundred years: with more, moments would lie outside the calendar."""

_TIMEDELTA = TypeAdapter(timedelta)


def seconds_of(text: str, field: str) -> float:
    """The seconds of an ISO 8601 duration; raises ValidationError that names `field`."""
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
    """The ISO 8601 text of a number of seconds."""
    return f"PT{seconds:g}S" if seconds < 1_000_000 else f"PT{round(seconds)}S"
