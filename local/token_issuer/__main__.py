"""`python -m local.token_issuer`: the process of the token issuer."""

import argparse
import sys
from pathlib import Path

from local.errors import LocalStackError
from local.loopback.certificates import add_certificate_options, given_certificate
from local.loopback.ports import LOOPBACK
from local.loopback.serving import serve
from local.token_issuer.credentials import ensure_credentials, issuer_url
from local.token_issuer.issuer import Issuer, ensure_signing_key
from local.token_issuer.service import TokenService


def main() -> int:
    """Run the issuer until SIGTERM or SIGINT, and return the exit code."""
    options = _parser().parse_args()
    certificate = given_certificate(options)
    base_url = f"{'https' if certificate else 'http'}://{LOOPBACK}:{options.port}"
    try:
        credentials = ensure_credentials(options.data_dir, options.tenant)
        key = ensure_signing_key(options.data_dir)
    except (LocalStackError, OSError) as problem:
        print(f"token issuer: {problem}", file=sys.stderr)
        return 1
    audiences = frozenset(audience.rstrip("/") for audience in options.audience)
    issuer = Issuer(credentials, key, issuer_url(base_url, credentials.tenant_id), audiences)
    application = TokenService(issuer, base_url).application()
    serve(application, options.port, exit_with_parent=options.exit_with_parent, certificate=certificate)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.token_issuer", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data-dir", type=Path, required=True, help="keeps the signing key and the credentials")
    parser.add_argument("--tenant", required=True, help="the tenant's id, used at the first start")
    parser.add_argument("--audience", action="append", default=[], help="an accepted audience; may be repeated")
    add_certificate_options(parser)
    parser.add_argument("--exit-with-parent", action="store_true", help="end when stdin, a pipe, is closed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
