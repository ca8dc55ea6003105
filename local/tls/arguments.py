"""A server's certificate on its command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from local.tls.files import Certificate


def add_certificate_options(parser: argparse.ArgumentParser) -> None:
    """Adds `--tls-certificate` and `--tls-key`."""
    parser.add_argument("--tls-certificate", type=Path, metavar="FILE", help="speak TLS with this certificate (PEM)")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="its private key (PEM)")


def given_certificate(arguments: argparse.Namespace) -> Certificate | None:
    """The certificate; None when neither option was given. One without the other ends the program."""
    if arguments.tls_certificate is None and arguments.tls_key is None:
        return None
    if arguments.tls_certificate is None or arguments.tls_key is None:
        raise SystemExit("--tls-certificate and --tls-key belong together: give both, or neither")
    return Certificate(arguments.tls_certificate, arguments.tls_key)
