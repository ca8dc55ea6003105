"""The header of a CSV output: a block of the ledger, staged beside the rows that it stands above.

The rows' block ids carry the header's digest. So the merge knows what header the rows need, and a header that was lost
is missed instead of left out.
"""

import csv
import hashlib
import io
from collections.abc import Sequence

from shared.storage.ledger import BLOCK_ID_LENGTH


def header_line(columns: Sequence[str] | None) -> bytes:
    """The line of a CSV file that names these columns, whatever their names hold; nothing when they have none."""
    if columns is None:
        return b""
    line = io.StringIO(newline="")
    is_plain = all(name == name.strip(" \t\ufeff") for name in columns)  # readers strip or skip some of the others
    # Only with this line end a lone `\r` is quoted in every version of Python.
    csv.writer(line, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL if is_plain else csv.QUOTE_ALL).writerow(columns)
    return line.getvalue()[:-2].encode("utf-8", "backslashreplace") + b"\n"


def header_digest(line: bytes) -> str:
    """Tells one header from another, and from none."""
    return hashlib.sha256(line).hexdigest()[:8]


HAS_HEADER = {"batchheader": "true"}
"""Metadata of an output whose first line is a header."""

NO_HEADER = header_digest(b"")
"""The digest that rows without named columns carry."""


def header_block(digest: str) -> str:
    """The id of the header's block."""
    return f"header{digest}".ljust(BLOCK_ID_LENGTH, "-")
