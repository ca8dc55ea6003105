"""Who has which role, as the setting `BATCH_ROLE_ASSIGNMENTS` says."""

import json
from dataclasses import dataclass
from typing import Any

from shared.security.roles import ROLES, Role, find_role

_KEYS = {"principalId", "role", "endpoint"}


@dataclass(frozen=True)
class RoleAssignment:
    """A role of a principal, in the whole workspace or for one batch endpoint."""

    principal_id: str
    """Object id of a user, a group, a service principal or a managed identity."""
    role: Role
    endpoint: str = ""
    """Only for this batch endpoint and its jobs; empty for the workspace."""


def role_assignments(text: str) -> tuple[RoleAssignment, ...]:
    """The assignments in a JSON array of `{"principalId", "role", "endpoint"}`; raises ValueError that says why not.

    Entries without a `principalId` are left out: the template writes one where it was told no owner.
    """
    try:
        entries = json.loads(text or "[]")
    except ValueError as error:
        raise ValueError(f"it is no JSON: {error}") from error
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
