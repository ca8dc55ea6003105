"""Which text can be a blob's name: one rule for what `bml` uploads and for every path that a request names.

Source: https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata.
Storage also takes some names that it changes (`a.` becomes `a`, `a\\b` becomes `a/b`) or that no XML listing can
hold. A listing with such a name fails, and with it every listing above it. All of them are refused here.
"""

import re

from shared.errors import ValidationError

MAX_CHARACTERS = 1_024
"""Counted in UTF-16 code units, as the service counts them: an emoji counts as two."""
MAX_PARTS = 254
"""Of a path, separated by `/`."""

_SHOWN = 120
"""Characters of a wrong name that a message repeats."""

_FORBIDDEN = (
    (re.compile(r"[\x00-\x1f\x7f-\x9f]"), "the control character"),
    (re.compile(r"[\ud800-\udfff]"), "a byte that is no UTF-8, or half a character:"),
    (re.compile(r"[\ufffe\uffff]"), "a character that XML cannot hold:"),
    (re.compile(r"[\ue000-\uf8ff]"), "a character for private use:"),
    (re.compile(r"\\"), "a backslash, which storage takes for '/':"),
)


def fault_of_blob_name(name: str) -> str:
    """Why `name` cannot be a blob's name, as the end of a sentence about it; empty when it can be one."""
    for pattern, what in _FORBIDDEN:
        if found := pattern.search(name):
            return f"has {what} U+{ord(found[0]):04X}"
    parts = name.split("/")
    if "" in parts:
        return "has an empty part between two '/' or at an end" if name else "is empty"
    if ended := next((part for part in parts if part.endswith(".")), None):
        return f"has a part that ends with a dot: {_short(ended)}"
    if len(parts) > MAX_PARTS:
        return f"has {len(parts)} parts between '/'; storage allows {MAX_PARTS}"
    if (length := len(name.encode("utf-16-le")) // 2) > MAX_CHARACTERS:
        return f"has {length:,} characters; storage allows {MAX_CHARACTERS:,}"
    return ""


def check_blob_name(name: str, field: str) -> str:
    """Return `name`; raises ValidationError with `field`, the name and the reason when it cannot be a blob's name."""
    if fault := fault_of_blob_name(name):
        raise ValidationError(f"{field} {_short(name)} cannot be the name of a blob: it {fault}", target=field)
    return name


def _short(name: str) -> str:
    """The name in quotes, odd characters escaped; only the beginning and end of a long one."""
    if len(name) > _SHOWN:
        name = f"{name[: _SHOWN // 2]}…{name[-_SHOWN // 2 :]}"
    return repr(name)
