"""Access: callers, roles, their assignments, and the decision whether a caller may do something."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from shared.errors import AuthorizationError


@dataclass(frozen=True)
class Target:
    """The resource that an action concerns."""

    scope: str
    """The ARM id of the resource."""
    endpoint: Callable[[], str] = str
    """Returns the batch endpoint that the resource belongs to, or an empty text. It is called only if that matters."""


@dataclass(frozen=True)
class Caller:
    """What a trusted token says about its bearer."""

    oid: str
    """The identity's object id (`oid`, else `sub`)."""
    name: str
    """A readable name; the object id if the token has no better one."""
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


@dataclass(frozen=True)
class Role:
    """A set of actions under a name."""

    name: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    @property
    def app_role(self) -> str:
        """The role in the claim `roles` of a token: Entra ID takes no spaces there."""
        return self.name.replace(" ", "")

    def allows(self, action: str) -> bool:
        """Return whether the role has this action."""
        if _matches(self.not_actions, action):
            return False
        return _matches((*self.actions, *FOR_EVERY_ROLE), action)


@dataclass(frozen=True)
class RoleAssignment:
    """A role of a principal, in the whole workspace or for one batch endpoint."""

    principal_id: str
    """Object id of a user, a group, a service principal or a managed identity."""
    role: Role
    endpoint: str = ""
    """The one batch endpoint, with its jobs, that the role is for. Empty: the whole workspace."""


@dataclass(frozen=True)
class Access:
    """The roles of all callers, from their tokens and from the settings."""

    assignments: tuple[RoleAssignment, ...]

    def require(self, caller: Caller, action: str, target: Target) -> None:
        """Raise AuthorizationError unless a role of the caller allows the action on the target."""
        held = [held for held in self._held(caller) if held.role.allows(action)]
        if any(not assignment.endpoint or action in FOR_EVERY_ROLE for assignment in held):
            return
        if held:
            endpoint = target.endpoint().lower()
            if any(assignment.endpoint.lower() == endpoint for assignment in held):
                return
        raise AuthorizationError(_refusal(caller, action, target.scope))

    def _held(self, caller: Caller) -> Iterator[RoleAssignment]:
        for name in caller.roles:
            if role := find_role(name):
                yield RoleAssignment(caller.oid, role)
        principals = {principal.lower() for principal in (caller.oid, *caller.groups)}
        yield from (one for one in self.assignments if one.principal_id.lower() in principals)


def _refusal(caller: Caller, action: str, scope: str) -> str:
    """Return ARM's own sentence, and add where roles come from here."""
    message = (
        f"The client '{caller.name}' with object id '{caller.oid}' does not have authorization to perform action "
        f"'{action}' over scope '{scope}'. Roles come from the token and from the setting BATCH_ROLE_ASSIGNMENTS."
    )
    if caller.groups_are_missing:
        message += " The caller is in more groups than the token lists, so roles of groups do not count."
    return message


def _texts(claim: object) -> tuple[str, ...]:
    return tuple(map(str, claim)) if isinstance(claim, list) else ()


_KEYS = {"principalId", "role", "endpoint"}


def role_assignments(text: str) -> tuple[RoleAssignment, ...]:
    """Read the assignments from a JSON array of `{"principalId", "role", "endpoint"}`; raises ValueError.

    Skips entries whose `principalId` is empty: the template writes one if it was given no owner.
    """
    try:
        entries = json.loads(text or "[]")
    except ValueError as error:
        raise ValueError(f"it is not JSON: {error}") from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("a JSON array of objects is expected")
    return tuple(_assignment(entry) for entry in entries if entry.get("principalId") != "")


def _assignment(entry: dict[str, Any]) -> RoleAssignment:
    if unknown := entry.keys() - _KEYS:
        raise ValueError(f"{', '.join(sorted(unknown))} is not known: use principalId, role and endpoint")
    texts = {key: value for key, value in entry.items() if isinstance(value, str) and value}
    if not {"principalId", "role"} <= texts.keys():
        raise ValueError("principalId and role must be given, as texts")
    if "endpoint" in entry and "endpoint" not in texts:
        raise ValueError("endpoint must be the name of a batch endpoint; leave it out for the whole workspace")
    name = texts["role"]
    role = find_role(name)
    if role is None:
        raise ValueError(f"role {name!r} is not known: use {', '.join(role.name for role in ROLES)}")
    return RoleAssignment(texts["principalId"], role, texts.get("endpoint", ""))


WORKSPACES = "Microsoft.MachineLearningServices/workspaces"

FOR_EVERY_ROLE = (
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.MachineLearningServices/locations/mfeOperationsStatus/read",
)
"""A caller who has any role may see the subscription, and whether an operation has ended."""


@cache
def _matches(patterns: tuple[str, ...], action: str) -> bool:
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), action, re.IGNORECASE) for pattern in patterns
    )


OWNER = Role("Owner", ("*",))
CONTRIBUTOR = Role("Contributor", ("*",), ("Microsoft.Authorization/*",))
READER = Role("Reader", ("*/read",))
DATA_SCIENTIST = Role(
    "AzureML Data Scientist",
    (f"{WORKSPACES}/*",),
    (
        f"{WORKSPACES}/write",
        f"{WORKSPACES}/delete",
        f"{WORKSPACES}/computes/write",
        f"{WORKSPACES}/computes/delete",
        f"{WORKSPACES}/computes/listKeys/action",
        f"{WORKSPACES}/listKeys/action",
    ),
)
COMPUTE_OPERATOR = Role("AzureML Compute Operator", (f"{WORKSPACES}/computes/*",))
INVOKER = Role(
    "Batch Endpoint Invoker",
    (
        f"{WORKSPACES}/batchEndpoints/read",
        f"{WORKSPACES}/batchEndpoints/deployments/read",
        f"{WORKSPACES}/batchEndpoints/deployments/jobs/read",
        f"{WORKSPACES}/batchEndpoints/jobs/read",
        f"{WORKSPACES}/batchEndpoints/jobs/write",
        f"{WORKSPACES}/jobs/read",
        f"{WORKSPACES}/jobs/cancel/action",
    ),
)
"""Azure has no built-in role for callers of batch endpoints, and advises to make one. This is ours."""

ROLES = (OWNER, CONTRIBUTOR, READER, DATA_SCIENTIST, COMPUTE_OPERATOR, INVOKER)

_BY_NAME = {key.lower(): role for role in ROLES for key in (role.name, role.app_role)}


def find_role(name: str) -> Role | None:
    """Return the role with this name or app role, or None if it is not known."""
    return _BY_NAME.get(name.lower())
