"""Says which right the application lacks, and on what, when Azure refuses it."""

import re

_REFUSALS = (
    re.compile(
        r"does not have authorization to perform action '(?P<action>[^']+)' over scope '(?P<scope>[^']+)'",
        re.IGNORECASE,
    ),
    re.compile(
        r"does not have permission to perform action\(?s?\)? '(?P<action>[^']+)' on the linked scope\(?s?\)? "
        r"'(?P<scope>[^']+)'",
        re.IGNORECASE,
    ),
)
"""Sentences of the errors AuthorizationFailed and LinkedAuthorizationFailed of Azure Resource Manager."""


def missing_right(message: str) -> str:
    """Return which action on which resource is missing, and what to do; empty if Azure's message names none."""
    for refusal in _REFUSALS:
        if found := refusal.search(message):
            return (
                f"the application's identity lacks the right {found['action']} on {found['scope']}; deploy with "
                "scalingRights=documented, or wait if the right is new (docs/operate.md, 'Rights to scale')"
            )
    return ""
