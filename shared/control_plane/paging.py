"""Pages of lists. A page begins after a key, so that deletions between two pages lose nothing."""

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.errors import ValidationError

DEFAULT_PAGE = 100
MAX_PAGE = 1000

Item = TypeVar("Item")
"""What is listed."""


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some items of a list."""

    items: list[Item]
    skip_token: str | None
    """Where the next page begins; None: this is the last one."""


def page_of(
    items: Iterable[Item],
    key: Callable[[Item], str],
    *,
    size: int | None = None,
    skip_token: str | None = None,
    descending: bool = False,
) -> Page[Item]:
    """The first `size` items in order of their unique keys, after the item that `skip_token` stands for."""
    ordered = sorted(items, key=key, reverse=descending)
    if skip_token is not None:
        after = _decoded(skip_token)
        ordered = [item for item in ordered if (key(item) < after if descending else key(item) > after)]
    limit = min(size or DEFAULT_PAGE, MAX_PAGE)
    shown = ordered[:limit]
    return Page(shown, _encoded(key(shown[-1])) if len(ordered) > limit else None)


def _encoded(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _decoded(token: str) -> str:
    try:
        return base64.b64decode(token.encode() + b"=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise ValidationError(
            f"$skiptoken {token!r} is not valid: follow nextLink as it is", target="$skiptoken"
        ) from error
