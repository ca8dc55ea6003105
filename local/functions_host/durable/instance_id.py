"""Rules for the ids of orchestration instances."""

import uuid

from local.functions_host.durable.errors import InvalidRequestError

MAX_LENGTH = 100
"""What the documentation promises; the extension itself takes up to 256, other backends do not."""

_FORBIDDEN = frozenset("/\\#?")


def new_instance_id() -> str:
    """A fresh id: a GUID of 32 hexadecimal digits, as .NET's format "N" writes it."""
    return uuid.uuid4().hex


def check_instance_id(instance_id: str) -> str:
    """The id itself when it can be used.

    Raises:
        InvalidRequestError: naming the id and the rule that it breaks.
    """
    problem = _problem(instance_id)
    if problem:
        raise InvalidRequestError(f"Instance id {instance_id!r} {problem}.")
    return instance_id


def _problem(instance_id: str) -> str:
    if not instance_id:
        return "is empty; use 1 to 100 characters"
    if len(instance_id) > MAX_LENGTH:
        return f"has {len(instance_id)} characters; at most {MAX_LENGTH} are allowed"
    if instance_id.startswith("@"):
        return "begins with '@', which is reserved for entities"
    if any(character in _FORBIDDEN or not character.isprintable() for character in instance_id):
        return "holds one of / \\ # ? or a control character, which are not allowed"
    return ""
