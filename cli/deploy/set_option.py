"""`--set a.b=value`: one value of a document, given on the command line."""

from typing import Any

from cli.errors import UsageError
from cli.yaml_files.document import YamlDocument
from cli.yaml_files.plain_text import PlainText, given_value

OWN_KEYS = frozenset({"tags", "properties", "environment_variables"})
"""What follows one of these is one key of the user's own, dots and all."""


def key_path(path: str) -> list[str]:
    """`a.b` as its keys."""
    keys = path.strip().split(".")
    last = next((number for number, key in enumerate(keys, 1) if key in OWN_KEYS), len(keys))
    return [*keys[:last], ".".join(keys[last:])] if last < len(keys) else keys


def parse_assignment(assignment: str, *, as_text: bool = False) -> tuple[list[str], str]:
    """Keys and value of `a.b=value`; the value means what its key says that it is, a text when `as_text`."""
    path, separator, text = assignment.partition("=")
    keys = key_path(path)
    if not separator or not all(keys):
        raise UsageError(f"--set {assignment!r} is not key=value", mend="For example: --set retry_settings.timeout=60")
    return keys, text if as_text else given_value(text)


def assign(document: YamlDocument, assignments: tuple[str, ...]) -> YamlDocument:
    """The document with these values over its own; complaints about them name the option."""
    for assignment in assignments:
        apply_set(document.content, assignment)
        note_assigned(document, assignment)
    return document


def note_assigned(document: YamlDocument, assignment: str) -> None:
    """Let complaints about this value name the option that gave it."""
    keys, _ = parse_assignment(assignment)
    place = tuple(int(key) if key.isdigit() else key for key in keys)
    document.assigned[place] = f"--set {assignment}"


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
        held = current.get(key)
        if isinstance(held, PlainText):
            held = None if held.is_null else held.collection()
        current[key] = {} if held is None else held
        if isinstance(current[key], dict | list):
            return current[key]
    raise UsageError(f"--set {assignment!r}: {key!r} is not a mapping or a list of it")
