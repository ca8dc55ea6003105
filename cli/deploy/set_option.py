"""`--set a.b=value`: one value of a document, given on the command line."""

from typing import Any

import yaml

from cli.errors import UsageError


def parse_assignment(assignment: str, *, as_text: bool = False) -> tuple[list[str], Any]:
    """Keys and value of `a.b=value`; values are read as YAML, so that `3` is a number, unless `as_text`."""
    path, separator, text = assignment.partition("=")
    keys = path.strip().split(".")
    if not separator or not all(keys):
        raise UsageError(f"--set {assignment!r} is not key=value", mend="For example: --set retry_settings.timeout=60")
    try:
        return keys, yaml.safe_load(text) if text.strip() and not as_text else text
    except (yaml.YAMLError, ValueError):  # a text that looks like a date and is none
        return keys, text


def apply_set(content: dict[str, Any], assignment: str, *, as_text: bool = False) -> None:
    """Set the value in `content`; mappings on the way are made, list items are named by their number."""
    keys, value = parse_assignment(assignment, as_text=as_text)
    current: Any = content
    for key in keys[:-1]:
        current = _step(current, key, assignment)
    if isinstance(current, dict):
        current[keys[-1]] = value
    elif isinstance(current, list) and keys[-1].isdigit() and int(keys[-1]) < len(current):
        current[int(keys[-1])] = value
    else:
        raise UsageError(f"--set {assignment!r}: there is nothing to set at {keys[-1]!r}")


def _step(current: Any, key: str, assignment: str) -> Any:
    if isinstance(current, list) and key.isdigit() and int(key) < len(current):
        return current[int(key)]
    if isinstance(current, dict):
        if current.get(key) is None:
            current[key] = {}
        if isinstance(current[key], (dict, list)):
            return current[key]
    raise UsageError(f"--set {assignment!r}: {key!r} is not a mapping or a list of it")
