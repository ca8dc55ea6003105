"""Trust in the local authority, through environment variables only."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path

from local.processes.private_files import write_private
from local.tls.files import TlsFiles

VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""Read by Python's `ssl` (urllib3, aiohttp, OpenSSL) and by `requests` (Azure's libraries)."""


def write_bundle(files: TlsFiles, environment: Mapping[str, str]) -> None:
    """Puts the authority beside what `environment` or this machine trusts, so that other sites stay reachable."""
    usual = _usual_authorities(environment)
    known = usual.read_bytes().rstrip() + b"\n" if usual else b""
    authority = files.authority.read_bytes()
    # The shell may have taken the variables of this very stack: then the authority is there already.
    write_private(files.bundle, known if authority in known else known + authority)


def trusting(files: TlsFiles) -> dict[str, str]:
    """The variables that make a process trust the bundle."""
    return dict.fromkeys(VARIABLES, str(files.bundle))


def _usual_authorities(environment: Mapping[str, str]) -> Path | None:
    paths = ssl.get_default_verify_paths()
    chosen = (environment.get(name) for name in reversed(VARIABLES))
    for candidate in (*chosen, _certifi(), paths.cafile):
        if candidate and Path(candidate).is_file():
            return Path(candidate)
    return None


def _certifi() -> str | None:
    try:
        import certifi
    except ImportError:
        return None
    return certifi.where()
