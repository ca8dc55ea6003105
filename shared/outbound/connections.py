"""HTTP connections to hosts that users name.

What a name means may change between the check of a URL and its use (DNS rebinding), and after a redirect. So the
connection itself looks the name up, once, and connects to the very addresses that it has checked. The name stays what
TLS and the header `Host` speak of.
"""

from functools import cache
from socket import gaierror, socket
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from shared.outbound.urls import allowed_addresses


class _GuardedConnection(HTTPConnection):
    """Connects to no address that the service must not call; raises ForbiddenAddressError."""

    allow_loopback = False

    def _new_conn(self) -> socket:
        name = self._dns_host
        try:
            addresses = allowed_addresses(name, self.port, allow_loopback=self.allow_loopback)
        except (gaierror, UnicodeError) as error:
            raise NameResolutionError(self.host, self, gaierror(str(error))) from error
        try:
            return self._connected(addresses)
        finally:
            self._dns_host = name

    def _connected(self, addresses: list[str]) -> socket:
        *others, last = addresses
        for self._dns_host in others:
            try:
                return super()._new_conn()
            except (ConnectTimeoutError, NewConnectionError):  # as with a plain name: the next one may answer
                continue
        self._dns_host = last
        return super()._new_conn()


class _GuardedTlsConnection(_GuardedConnection, HTTPSConnection):
    """The same with TLS."""


@cache
def guarded_pools(*, allow_loopback: bool) -> dict[str, Any]:
    """The classes of connection pools by scheme, as urllib3 takes them."""
    allowing = {"allow_loopback": allow_loopback}
    plain = type("GuardedConnection", (_GuardedConnection,), allowing)
    tls = type("GuardedTlsConnection", (_GuardedTlsConnection,), allowing)
    return {
        "http": type("GuardedPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("GuardedTlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
    }


def guarded_http(*, allow_loopback: bool, **options: Any) -> urllib3.PoolManager:
    """Connections to any host that the service may call; `options` are those of urllib3."""
    manager = urllib3.PoolManager(**options)
    manager.pool_classes_by_scheme = guarded_pools(allow_loopback=allow_loopback)
    return manager


class GuardedAdapter(HTTPAdapter):
    """The same for `requests`, on which the Azure SDK stands."""

    def __init__(self, *, allow_loopback: bool) -> None:
        """`allow_loopback` as for URLs."""
        self._pools = guarded_pools(allow_loopback=allow_loopback)
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Called by the base class."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools


def cause(error: Exception) -> object:
    """What went wrong, for a message: urllib3's error of all tries repeats the address, which may hold a signature."""
    return getattr(error, "reason", None) or error
