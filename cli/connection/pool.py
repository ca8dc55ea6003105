"""The HTTP connections of a command: through the proxy that the environment names, never for this machine itself."""

import os
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3

CA_BUNDLE = "BML_CA_BUNDLE"
PARALLEL_REQUESTS = 8
"""Connections kept open to one host."""
TIMEOUT = urllib3.Timeout(connect=5.0, read=120.0)
_trusted: dict[str, str] = {}
"""For this process only: what it starts must not inherit it."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def connection_pool(url: str) -> urllib3.PoolManager:
    """A pool for requests to the host of `url`."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxy = None if is_loopback(url) or proxy_bypass(host) else getproxies().get(parts.scheme)
    if proxy:
        return urllib3.ProxyManager(proxy, timeout=TIMEOUT, maxsize=PARALLEL_REQUESTS, ca_certs=ca_bundle())
    return urllib3.PoolManager(timeout=TIMEOUT, maxsize=PARALLEL_REQUESTS, ca_certs=ca_bundle())


def ca_bundle() -> str | None:
    """The authorities to trust: the file that `BML_CA_BUNDLE` names, else the one given to `trust`.

    None stands for the authorities of this machine.
    """
    return os.environ.get(CA_BUNDLE) or _trusted.get("file")


def trust(file: Path) -> None:
    """Trust the authorities in `file` from now on, unless the user has named others."""
    _trusted["file"] = str(file)


def is_loopback(url: str) -> bool:
    """Whether `url` is on this machine; a proxy would look for it on its own."""
    return (urlsplit(url).hostname or "") in _LOOPBACK


def reason(error: urllib3.exceptions.HTTPError) -> str:
    """Why there was no answer, in words: `connection refused`."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror.lower()
        if isinstance(inner, TimeoutError) or "Timeout" in type(inner).__name__:
            return "it took too long"
        following = getattr(inner, "reason", None)
        inner = following if isinstance(following, BaseException) else inner.__cause__ or inner.__context__
    return str(error)
