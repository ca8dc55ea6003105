"""Lists, page after page."""

from collections.abc import Callable, Iterator
from typing import Any

import click


def items_of(get: Callable[[str], dict[str, Any]], url: str) -> Iterator[dict[str, Any]]:
    """All items of the list that begins at `url`; what the service cannot show of it is told on stderr."""
    while url:
        page = get(url)
        yield from page["value"]
        for warning in page.get("warnings") or []:
            click.echo(f"warning: {warning.get('message')}", err=True)
        url = page.get("nextLink") or ""
