"""The decision whether a caller may do something."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from shared.errors import AuthorizationError
from shared.security.caller import Caller
from shared.security.role_assignments import RoleAssignment
from shared.security.roles import FOR_EVERY_ROLE, find_role


@dataclass(frozen=True)
class Target:
    """What an action is done to."""

    scope: str
    """The ARM id of the resource."""
    endpoint: Callable[[], str] = str
    """Gives the batch endpoint that it belongs to, or nothing; only asked when that makes a difference."""


@dataclass(frozen=True)
class Access:
    """The roles of all callers: those in their tokens, and those assigned by the settings."""

    assignments: tuple[RoleAssignment, ...]

    def require(self, caller: Caller, action: str, target: Target) -> None:
        """Raise AuthorizationError unless a role of the caller allows the action, there."""
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
    """ARM's own sentence, and what it does not know: where roles come from here."""
    message = (
        f"The client '{caller.name}' with object id '{caller.oid}' does not have authorization to perform action "
        f"'{action}' over scope '{scope}'. Roles come from the token and from the setting BATCH_ROLE_ASSIGNMENTS."
    )
    if caller.groups_are_missing:
        message += " The caller is in more groups than the token lists, so roles of groups do not count."
    return message
