"""The addresses that the service may call for a URL of a user, and connections that call no others.

A caller of the API must not use the service to reach what only the service can reach. Refused are other schemes than
http and https, credentials in the URL, and hosts with a loopback, link-local, multicast or unspecified address. These
include the instance metadata services (169.254.169.254, fd00:ec2::254) and Azure's platform address 168.63.129.16.
Private networks are allowed: a self-hosted workspace scores data of its own network.

`check_outbound_url` checks the addresses that a name has now. The name may change between the check and the use (DNS
rebinding), and after a redirect. The guarded connections therefore look the name up once and connect to the very
addresses that they have checked. TLS and the header `Host` still use the name.
"""

import ipaddress
import socket
from functools import cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from shared.errors import ValidationError

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_PLATFORM = frozenset(
    {
        ipaddress.ip_address("168.63.129.16"),  # Azure: DNS, health and agent of every virtual machine
        ipaddress.ip_address("fd00:ec2::254"),  # instance metadata over IPv6
    }
)

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses whose last four bytes are an IPv4 address (RFC 6052)."""


class ForbiddenAddressError(ValidationError):
    """The service does not call this address."""


def allowed_addresses(host: str, port: int | None, *, allow_loopback: bool = False) -> list[str]:
    """Return the addresses of a host, all of which the service may call.

    Raises ForbiddenAddressError for the first forbidden address, OSError or UnicodeError if the name has no address.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    texts = list(dict.fromkeys(str(info[4][0]) for info in found))
    for address in (ipaddress.ip_address(text.split("%")[0]) for text in texts):
        if _is_forbidden(address) and not (allow_loopback and address.is_loopback):
            raise ForbiddenAddressError(
                f"the service does not call {address}, a loopback, link-local or platform address"
            )
    return texts


def check_outbound_url(
    url: str, *, allowed_bases: tuple[str, ...] = (), field: str = "url", allow_loopback: bool = False
) -> None:
    """Raise ValidationError that names `field` unless the service may call `url`.

    URLs below `allowed_bases` (such as the workspace's own blob service) are always allowed. Set `allow_loopback` only
    if all users are on the same machine: they reach its loopback addresses anyway.
    """
    if any(url.lower().startswith(f"{base.lower().rstrip('/')}/") for base in allowed_bases):
        return
    parts = split_url(url, field)
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        raise _refused(url, field, "use an http or https URL with a host")
    refuse_password(parts, field)
    try:
        allowed_addresses(parts.hostname, parts.port, allow_loopback=allow_loopback)
    except ForbiddenAddressError as error:
        raise _refused(url.partition("?")[0], field, error.message) from error
    except (OSError, UnicodeError) as error:
        raise _refused(parts.hostname, field, f"the host cannot be resolved ({error})") from error


def split_url(url: str, field: str) -> SplitResult:
    """Return the parts of a URL, its port a number; raises ValidationError that names `field`."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a port that is not a number
    except ValueError as error:
        raise _refused(url, field, str(error)) from error
    return parts


def refuse_password(parts: SplitResult, field: str) -> None:
    """Raise ValidationError that names `field` when a URL carries a user name or password."""
    if parts.username or parts.password:
        raise _refused(parts.hostname or "", field, "a URL must not carry a user name or password")


def _is_forbidden(address: IpAddress) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        translated = ipaddress.IPv4Address(address.packed[-4:]) if address in _NAT64 else None
        embedded = address.ipv4_mapped or address.sixtofour or translated
        if embedded is not None:
            return _is_forbidden(embedded)
    return (
        address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address in _PLATFORM
    )


def _refused(shown: str, field: str, reason: str) -> ValidationError:
    return ValidationError(f"{field} {shown!r} is not allowed: {reason}", target=field)


class _GuardedConnection(HTTPConnection):
    """A connection that raises ForbiddenAddressError for an address that the service must not call."""

    allow_loopback = False

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        try:
            addresses = allowed_addresses(name, self.port, allow_loopback=self.allow_loopback)
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(self.host, self, socket.gaierror(str(error))) from error
        try:
            return self._connected(addresses)
        finally:
            self._dns_host = name

    def _connected(self, addresses: list[str]) -> socket.socket:
        *others, last = addresses
        for self._dns_host in others:
            try:
                return super()._new_conn()
            except (ConnectTimeoutError, NewConnectionError):  # the next address may answer
                continue
        self._dns_host = last
        return super()._new_conn()


class _GuardedTlsConnection(_GuardedConnection, HTTPSConnection):
    """A guarded connection with TLS."""


@cache
def guarded_pools(*, allow_loopback: bool) -> dict[str, Any]:
    """Return the classes of connection pools by scheme, as urllib3 takes them."""
    allowing = {"allow_loopback": allow_loopback}
    plain = type("GuardedConnection", (_GuardedConnection,), allowing)
    tls = type("GuardedTlsConnection", (_GuardedTlsConnection,), allowing)
    return {
        "http": type("GuardedPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("GuardedTlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
    }


def guarded_http(*, allow_loopback: bool, **options: Any) -> urllib3.PoolManager:
    """Return a pool of connections to any host that the service may call; `options` are urllib3's."""
    manager = urllib3.PoolManager(**options)
    manager.pool_classes_by_scheme = guarded_pools(allow_loopback=allow_loopback)
    return manager


class GuardedAdapter(HTTPAdapter):
    """The guarded connections for `requests`, which the Azure SDK uses."""

    def __init__(self, *, allow_loopback: bool) -> None:
        """`allow_loopback`: as in `check_outbound_url`."""
        self._pools = guarded_pools(allow_loopback=allow_loopback)
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the guarded pools; the base class calls this."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools


def cause(error: Exception) -> object:
    """Return the cause, for a message. urllib3's outer error repeats the address, which may hold a signature."""
    return getattr(error, "reason", None) or error
