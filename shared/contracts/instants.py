"""Moments as they travel: ISO 8601 texts."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def _text(value: Any) -> Any:
    """pydantic takes a number for seconds since 1970, also in a text."""
    if isinstance(value, datetime) or value is None or (isinstance(value, str) and _DATE.match(value)):
        return value
    raise ValueError("it is not an ISO 8601 moment such as 2026-11-30T06:00:00Z")


Instant = Annotated[AwareDatetime, BeforeValidator(_text)]
"""With an offset."""

LocalOrInstant = Annotated[datetime, BeforeValidator(_text)]
"""With or without an offset."""
