"""The one application that may ask the issuer for tokens. Standard library only: the CLI reads it at each command."""

import secrets
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path

from local.errors import StackStateError
from local.private_files import read_json, write_private_json

FILE_NAME = "credentials.json"
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Credentials:
    """The application that requests tokens, and its secret."""

    tenant_id: str
    client_id: str
    object_id: str
    """The service principal: `oid` and `sub` of every token."""

    client_secret: str = field(repr=False)


def read_credentials(folder: Path) -> Credentials | None:
    """Return the credentials in the issuer's `folder`, or None before its first start."""
    document = read_json(folder / FILE_NAME)
    if document is None:
        return None
    try:
        return Credentials(**document)
    except TypeError as problem:
        raise StackStateError(folder / FILE_NAME, str(problem)) from problem


def ensure_credentials(folder: Path, tenant_id: str) -> Credentials:
    """Return the credentials in `folder`. The first call makes them, with mode 0600."""
    if (kept := read_credentials(folder)) is not None:
        return kept
    made = Credentials(tenant_id, str(uuid.uuid4()), str(uuid.uuid4()), secrets.token_urlsafe(_SECRET_BYTES))
    write_private_json(folder / FILE_NAME, asdict(made))
    return made


def issuer_url(base_url: str, tenant_id: str) -> str:
    """Return the `iss` of the tokens of the issuer that listens at `base_url`."""
    return f"{base_url}/{tenant_id}/v2.0"


def jwks_url(base_url: str, tenant_id: str) -> str:
    """Return the address of the public keys."""
    return f"{base_url}/{tenant_id}/discovery/v2.0/keys"


def authorization_url(base_url: str, tenant_id: str) -> str:
    """Return the address for the sign-in of a browser."""
    return f"{base_url}/{tenant_id}/oauth2/v2.0/authorize"


def token_url(base_url: str, tenant_id: str) -> str:
    """Return the token endpoint."""
    return f"{base_url}/{tenant_id}/oauth2/v2.0/token"
