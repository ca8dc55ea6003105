"""The roles that a caller may have, and the actions that each allows.

Names and actions of all but the last are those of Azure's built-in roles (Azure built-in roles: general, AI + machine
learning), reduced to what exists here. In a pattern `*` stands for any characters.
"""

import re
from dataclasses import dataclass
from functools import cache

WORKSPACES = "Microsoft.MachineLearningServices/workspaces"

FOR_EVERY_ROLE = (
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.MachineLearningServices/locations/mfeOperationsStatus/read",
)
"""Whoever may do anything may see where, and whether what was begun has ended."""


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
        """Whether the role has this action."""
        if _matches(self.not_actions, action):
            return False
        return _matches((*self.actions, *FOR_EVERY_ROLE), action)


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
"""Azure has no built-in role for callers of batch endpoints and advises a custom one; this is ours."""

ROLES = (OWNER, CONTRIBUTOR, READER, DATA_SCIENTIST, COMPUTE_OPERATOR, INVOKER)

_BY_NAME = {key.lower(): role for role in ROLES for key in (role.name, role.app_role)}


def find_role(name: str) -> Role | None:
    """The role of this name, or of this value in the claim `roles`; None when there is none."""
    return _BY_NAME.get(name.lower())
