"""The addresses of an issuer, at the paths of Microsoft Entra ID. Standard library only, as the CLI needs them."""

from __future__ import annotations


def issuer_url(base_url: str, tenant_id: str) -> str:
    """`iss` of the tokens of the issuer that listens at `base_url`."""
    return f"{base_url}/{tenant_id}/v2.0"


def jwks_url(base_url: str, tenant_id: str) -> str:
    """Where the public keys are."""
    return f"{base_url}/{tenant_id}/discovery/v2.0/keys"


def authorization_url(base_url: str, tenant_id: str) -> str:
    """Where a browser would be sent."""
    return f"{base_url}/{tenant_id}/oauth2/v2.0/authorize"


def token_url(base_url: str, tenant_id: str) -> str:
    """Where tokens are asked for."""
    return f"{base_url}/{tenant_id}/oauth2/v2.0/token"
