"""Bearer tokens: who is believed, and what a refused caller is told."""

from typing import Any

import jwt

from shared.errors import AuthenticationError
from shared.security.caller import Caller
from shared.security.signing_keys import SigningKeys
from shared.settings import Settings

ALGORITHM = "RS256"
"""The only signature that is accepted; `none` and shared secrets never are."""

LEEWAY_SECONDS = 60
"""How far the clocks of issuer and service may differ."""


class TokenVerifier:
    """Turns a bearer token into its Caller."""

    def __init__(self, issuer: str, audiences: tuple[str, ...], keys: SigningKeys) -> None:
        """Tokens of `issuer` for any of `audiences` (a slash at the end does not count) are accepted."""
        self._issuer = issuer
        self._audiences = audiences
        self._keys = keys

    @classmethod
    def from_settings(cls, settings: Settings) -> "TokenVerifier":
        """The verifier that the application's settings describe."""
        return cls(settings.token_issuer, settings.token_audiences, SigningKeys(settings.token_jwks_url))

    def caller(self, authorization: str | None) -> Caller:
        """Who the `Authorization` header speaks for; raises AuthenticationError that says what is wrong."""
        scheme, _, token = (authorization or "").strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise AuthenticationError("The request needs the header 'Authorization: Bearer <token>'")
        return Caller.from_claims(self._claims(token.strip()))

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != ALGORITHM:
                raise AuthenticationError(
                    f"The token is signed with {header.get('alg')!r}; only {ALGORITHM} is accepted"
                )
            claims = jwt.decode(
                token,
                self._keys.get(str(header.get("kid", ""))),
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud"], "verify_aud": False},
            )
        except jwt.PyJWTError as error:
            raise AuthenticationError(self._reason(error)) from error
        self._check_audience(claims)
        return claims

    def _check_audience(self, claims: dict[str, Any]) -> None:
        named = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        accepted = {audience.rstrip("/") for audience in self._audiences}
        if not any(str(audience).rstrip("/") in accepted for audience in named):
            shown = ", ".join(map(str, named))
            raise AuthenticationError(
                f"Audiences in JWT are not allowed: the token is for {shown}; accepted are {', '.join(self._audiences)}"
            )

    def _reason(self, error: jwt.PyJWTError) -> str:
        match error:
            case jwt.ExpiredSignatureError():
                return "The token has expired; get a new one"
            case jwt.ImmatureSignatureError():
                return "The token is not valid yet; compare the clocks of its issuer and of this service"
            case jwt.InvalidIssuerError():
                return f"The token is from an issuer that is not trusted; accepted is {self._issuer}"
            case jwt.MissingRequiredClaimError():
                return f"The token lacks the claim {error.claim!r}"
            case jwt.InvalidSignatureError():
                return "The token's signature is wrong"
            case _:
                return f"The token cannot be read: {error}"
