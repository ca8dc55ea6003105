"""Which requests a server of this machine takes: none that a web page of somebody else made a browser send.

Such a page cannot read an answer, but its request arrives: browsers send a simple POST without asking. A name that
leads to 127.0.0.1 after the page was loaded (DNS rebinding) even lets it read. Both are told by headers that a page
cannot set, see https://developer.mozilla.org/docs/Glossary/Forbidden_request_header.
"""

from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from local.loopback.ports import LOOPBACK

_NAMES = frozenset({LOOPBACK, "localhost"})
_READING = frozenset({"GET", "HEAD"})


@web.middleware
async def own_requests_only(request: web.Request, handler: Any) -> web.StreamResponse:
    """Answer 403 to a request for another host, and to one of another origin that is not for reading."""
    refusal = _foreign_host(request) or _foreign_origin(request)
    if refusal:
        return web.json_response({"error": {"code": "ForeignRequest", "message": refusal}}, status=403)
    response: web.StreamResponse = await handler(request)
    return response


def _foreign_host(request: web.Request) -> str | None:
    hosts = request.headers.getall("Host", [])
    if len(hosts) == 1 and _name(hosts[0]) in _NAMES:
        return None
    return f"the header Host is {', '.join(hosts) or 'missing'}; this server answers as {LOOPBACK} and localhost only"


def _foreign_origin(request: web.Request) -> str | None:
    own = f"{request.scheme}://{request.headers.get('Host', '')}".lower()
    foreign = [origin for origin in request.headers.getall("Origin", []) if origin.lower() != own]
    if request.method in _READING or not foreign:
        return None
    return f"the header Origin is {', '.join(foreign)}; this server takes changes from its own pages ({own}) only"


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
