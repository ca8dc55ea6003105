"""Which environment variables a process can be started with: one rule for `bml`, the service and the nodes."""

from collections.abc import Mapping

from shared.errors import ValidationError

MAX_BYTES = 131_071
"""Of `name=value`. Linux starts no process with a longer one (`MAX_ARG_STRLEN`, execve(2), less the final NUL)."""

_SHOWN = 100
"""Characters of a wrong name that a message repeats."""


def fault_of_variable(name: str, value: str) -> str:
    """Why no process can have this variable, as a sentence that names it; empty when one can."""
    shown = f"the environment variable {name[:_SHOWN]!r}"
    if not name:
        return f"an environment variable has no name (its value is {value[:_SHOWN]!r})"
    if "=" in name:
        return f"{shown} has '=' in its name"
    if "\0" in name + value:
        return f"{shown} has a NUL character in its {'name' if chr(0) in name else 'value'}"
    try:
        length = len(f"{name}={value}".encode())
    except UnicodeEncodeError:
        return f"{shown} has half a character (a lone surrogate) in its name or value"
    if length > MAX_BYTES:
        return f"{shown} has {length:,} bytes with its value; {MAX_BYTES:,} are allowed"
    return ""


def check_environment_variables(variables: Mapping[str, str], field: str) -> None:
    """Raise ValidationError with `field`, the variable and the reason for the first that no process can have."""
    for name, value in variables.items():
        if fault := fault_of_variable(name, value):
            raise ValidationError(f"{field}: {fault}", target=field)
