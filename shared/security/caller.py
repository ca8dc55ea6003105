"""Who makes a request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Caller:
    """What a trusted token says about its bearer."""

    oid: str
    """The identity's object id (`oid`, else `sub`)."""
    name: str
    """What people know it by; the object id when the token has nothing better."""
    tenant: str
    is_application: bool = False
    """A service principal or managed identity, not a person."""
    roles: tuple[str, ...] = ()
    """App roles (`roles`)."""
    groups: tuple[str, ...] = ()
    """Object ids of groups (`groups`)."""
    groups_are_missing: bool = False
    """The caller is in more groups than fit into a token."""

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any]) -> "Caller":
        """Read the claims of an Entra ID token (v1 and v2) or of another OpenID issuer."""
        oid = str(claims.get("oid") or claims.get("sub") or "")
        names = ("preferred_username", "upn", "unique_name", "email", "name", "app_displayname", "azp", "appid")
        name = next((str(claims[key]) for key in names if claims.get(key)), oid)
        return cls(
            oid,
            name,
            str(claims.get("tid") or ""),
            is_application=claims.get("idtyp") == "app",
            roles=_texts(claims.get("roles")),
            groups=_texts(claims.get("groups")),
            groups_are_missing="hasgroups" in claims or "groups" in (claims.get("_claim_names") or ()),
        )

    @property
    def kind(self) -> str:
        """ARM's `createdByType`."""
        return "Application" if self.is_application else "User"


def _texts(claim: object) -> tuple[str, ...]:
    return tuple(map(str, claim)) if isinstance(claim, list) else ()
