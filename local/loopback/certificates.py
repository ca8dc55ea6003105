"""The certificates of a data folder, and the certificate of a server."""

import argparse
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.private_files import write_private


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate and its private key, both PEM files."""

    file: Path
    key_file: Path

    def server_context(self) -> ssl.SSLContext:
        """Return the context with which a server wraps its connections."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.file, self.key_file)
        return context


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The certificates of one data folder."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The certificate authority alone."""
        return self.folder / "ca.pem"

    @property
    def bundle(self) -> Path:
        """The authority and everything that was trusted before, for variables that replace the usual list."""
        return self.folder / "ca-bundle.pem"

    @property
    def server(self) -> Certificate:
        """The certificate of the stack's servers."""
        return Certificate(self.folder / "server.pem", self.folder / "server-key.pem")

    def client_context(self) -> ssl.SSLContext:
        """Return the context of a client that talks to the stack's servers only."""
        return ssl.create_default_context(cafile=self.authority)


def add_certificate_options(parser: argparse.ArgumentParser) -> None:
    """Add `--tls-certificate` and `--tls-key`."""
    parser.add_argument("--tls-certificate", type=Path, metavar="FILE", help="speak TLS with this certificate (PEM)")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="its private key (PEM)")


def given_certificate(arguments: argparse.Namespace) -> Certificate | None:
    """Return the certificate, or None if neither option was given. One option alone ends the program with an error."""
    if arguments.tls_certificate is None and arguments.tls_key is None:
        return None
    if arguments.tls_certificate is None or arguments.tls_key is None:
        raise SystemExit("--tls-certificate and --tls-key belong together: give both, or neither")
    return Certificate(arguments.tls_certificate, arguments.tls_key)


VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""Read by Python's `ssl` (urllib3, aiohttp, OpenSSL) and by `requests` (Azure's libraries)."""


def write_bundle(files: TlsFiles, environment: Mapping[str, str]) -> None:
    """Write the authority and all that `environment` or this machine trusts, so that other sites stay reachable."""
    usual = _usual_authorities(environment)
    known = usual.read_bytes().rstrip() + b"\n" if usual else b""
    authority = files.authority.read_bytes()
    # The shell may have the variables of this stack already. Then the authority is in its list.
    write_private(files.bundle, known if authority in known else known + authority)


def trusting(files: TlsFiles) -> dict[str, str]:
    """Return the variables that make a process trust the bundle."""
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
