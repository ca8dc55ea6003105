"""A strict reader of JSON from outside: every value arrives as it was written, or the whole text is refused.

Python's own reader takes more than JSON (RFC 8259) and more than storage and clients can hold: `NaN`, half of a
surrogate pair, a member given twice, numbers that become infinite or zero.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from shared.contracts.names import first_repeated
from shared.errors import ValidationError

MAX_DEPTH = 64
"""How deep arrays and objects may be nested."""

MAX_INTEGER = 2**63 - 1
"""What clients of every language can hold."""

_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
"""A text, or one that does not end: a pattern that can fail would look for the end again from each quote."""
_BRACKET = re.compile(rb"[\[\]{}]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SHOWN = 40
"""Characters of a wrong number or name that a message repeats."""


def read_json(body: bytes, what: str) -> Any:
    """Return the value that `body` holds in UTF-8; raises ValidationError that begins with `what`."""
    check_depth(body, what)
    try:
        value = json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_decimal,
            parse_constant=_constant,
        )
    except UnicodeDecodeError as error:
        raise _refused(what, f"byte {error.start} is not UTF-8; send UTF-8") from None
    except json.JSONDecodeError as error:
        raise _refused(what, f"{error.msg} at character {error.pos}") from None
    except ValueError as error:
        raise _refused(what, str(error)) from None
    if b"\\u" in body and any(map(_SURROGATE.search, _texts(value))):
        raise _refused(what, "it has half of a surrogate pair, such as \\ud800, which is not a character")
    return value


def check_depth(body: bytes, what: str) -> None:
    """Raise ValidationError when arrays and objects lie too deep within each other."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _BRACKET.finditer(_TEXT.sub(b"", body)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > MAX_DEPTH:
            raise ValidationError(f"{what} has arrays and objects more than {MAX_DEPTH} deep")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = first_repeated(name for name, _ in pairs) or ""
        raise ValueError(f"the member {_shown(twice)!r} is given twice; give it once")
    return found


def _integer(text: str) -> int:
    if len(text) > len(str(-MAX_INTEGER)) or abs(int(text)) > MAX_INTEGER:
        raise ValueError(f"the number {_shown(text)} does not fit; whole numbers go up to {MAX_INTEGER}")
    return int(text)


def _decimal(text: str) -> float:
    value = float(text)
    written_as_zero = not re.search("[1-9]", text.lower().partition("e")[0])
    if value in {float("inf"), float("-inf")} or (value == 0 and not written_as_zero):
        raise ValueError(f"the number {_shown(text)} does not fit into 64 bits")
    return value


def _constant(text: str) -> None:
    raise ValueError(f"{text} is not a number in JSON; leave the member out, or send a text")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, dict):
        yield from value
        for part in value.values():
            yield from _texts(part)


def _refused(what: str, reason: str) -> ValidationError:
    return ValidationError(f"{what} is not valid JSON: {reason}")


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
