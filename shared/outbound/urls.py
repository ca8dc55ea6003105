"""Which addresses the service may call when a user gives it a URL.

A caller of the API must not be able to use the service as a way to what only the service can reach. Refused are
other schemes than http and https, credentials in the URL, and hosts with a loopback, link-local, multicast or
unspecified address, which includes the instance metadata services (169.254.169.254, fd00:ec2::254) and Azure's
platform address 168.63.129.16. Private networks are allowed: a self-hosted workspace scores data of its own network.

The check looks at the addresses that the name has now. Whoever fetches the URL does it by a connection of
`outbound_connections`, which checks the addresses that it has then, and follows no redirect.
"""

import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

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
    """The addresses of a host, all of which the service may call.

    Raises ForbiddenAddressError for the first that it may not, OSError or UnicodeError when the name has none.
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

    URLs below `allowed_bases` (such as the workspace's own blob service) are always allowed. `allow_loopback` is for
    services that only users of the same machine can reach, who reach its loopback addresses anyway.
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
    """The parts of a URL, its port a number; raises ValidationError that names `field`."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a port that is no number
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
