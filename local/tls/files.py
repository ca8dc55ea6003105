"""Where a data folder keeps its certificates, and the certificate that a server shows."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate and its private key, both PEM files."""

    file: Path
    key_file: Path

    def server_context(self) -> ssl.SSLContext:
        """What a server wraps its connections with."""
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
        """The authority and everything that was trusted before: for variables that replace the usual list."""
        return self.folder / "ca-bundle.pem"

    @property
    def server(self) -> Certificate:
        """What the stack's servers show."""
        return Certificate(self.folder / "server.pem", self.folder / "server-key.pem")

    def client_context(self) -> ssl.SSLContext:
        """What a client needs that talks to the stack's servers only."""
        return ssl.create_default_context(cafile=self.authority)
