"""The HTTP connections of a command. They use the proxy that the environment names, except for this machine."""

import os
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3

CA_BUNDLE = "BML_CA_BUNDLE"
PARALLEL_REQUESTS = 8
"""Connections that stay open to one host."""
TIMEOUT = urllib3.Timeout(connect=5.0, read=120.0)
_trusted: dict[str, str] = {}
"""It is for this process only. It is not in the environment, because child processes must not inherit it."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def connection_pool(url: str) -> urllib3.PoolManager:
    """Return a pool for requests to the host of `url`."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxy = None if is_loopback(url) or proxy_bypass(host) else getproxies().get(parts.scheme)
    if proxy:
        return urllib3.ProxyManager(proxy, timeout=TIMEOUT, maxsize=PARALLEL_REQUESTS, ca_certs=ca_bundle())
    return urllib3.PoolManager(timeout=TIMEOUT, maxsize=PARALLEL_REQUESTS, ca_certs=ca_bundle())


def ca_bundle() -> str | None:
    """Return the file of authorities to trust: the one that `BML_CA_BUNDLE` names, or else the one given to `trust`.

    None means the authorities of this machine.
    """
    return os.environ.get(CA_BUNDLE) or _trusted.get("file")


def trust(file: Path) -> None:
    """Trust the authorities in `file` from now on, unless the user names others in `BML_CA_BUNDLE`."""
    _trusted["file"] = str(file)


def is_loopback(url: str) -> bool:
    """Return True if `url` is on this machine. A proxy would take it for the proxy's own machine."""
    return (urlsplit(url).hostname or "") in _LOOPBACK


def reason(error: urllib3.exceptions.HTTPError) -> str:
    """Return why there was no answer, in words: `connection refused`."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror.lower()
        if isinstance(inner, TimeoutError) or "Timeout" in type(inner).__name__:
            return "it took too long"
        following = getattr(inner, "reason", None)
        inner = following if isinstance(following, BaseException) else inner.__cause__ or inner.__context__
    return str(error)
