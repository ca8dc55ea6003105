"""`--set`, `--add` and `--remove` of the update verbs: single properties of something that is there."""

from dataclasses import dataclass
from typing import Any

from cli.output.errors import UsageError, did_you_mean
from cli.output.field_names import name_in_files
from cli.yaml_files.document import YamlDocument, empty_document
from cli.yaml_files.form import FormType, read_form
from cli.yaml_files.plain_text import PlainText, given_value
from shared.contracts.settings_table import SETTINGS


@dataclass(frozen=True)
class PropertyChanges:
    """What the options ask for; applied in this order."""

    assigned: tuple[str, ...] = ()
    """`tags.team=blue`"""
    added: tuple[tuple[str, str], ...] = ()
    """`tags` and `team=blue`"""
    removed: tuple[str, ...] = ()
    """`tags.team`"""
    as_text: bool = False
    """Values are texts, also those that look like numbers."""

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.assigned or self.added or self.removed)

    def check(self, changeable: tuple[str, ...], what: str) -> None:
        """Raise UsageError when another property is meant than one of these of `what`."""
        for path in (*(text.partition("=")[0] for text in self.assigned), *(at for at, _ in self.added), *self.removed):
            name = key_path(path)[0]
            if name not in changeable:
                near = did_you_mean(name_in_files(name), changeable)
                raise UsageError(
                    f"{path.strip()!r} of {what} cannot be changed",
                    hint=" ".join([*near, f"Changeable are {', '.join(changeable)}"]),
                )

    def applied(self, form: type[FormType], content: dict[str, Any]) -> FormType:
        """`content` with the changes, checked as a file is; raises CliError that names the option and the key."""
        document = empty_document(content)
        self.apply(content)
        for assignment in (*self.assigned, *(f"{path}.{pair}" for path, pair in self.added)):
            note_assigned(document, assignment)
        return read_form(form, document)

    def apply(self, content: dict[str, Any]) -> None:
        """Change `content` in place."""
        for assignment in self.assigned:
            apply_set(content, assignment, as_text=self.as_text)
        for path, pair in self.added:
            _add(content, path, pair, as_text=self.as_text)
        for path in self.removed:
            _remove(content, path)


NO_CHANGES = PropertyChanges()


def _add(content: dict[str, Any], path: str, pair: str, *, as_text: bool) -> None:
    if "=" not in pair:
        raise UsageError(f"--add {path} {pair!r} is not key=value", hint="For example: --add tags team=blue")
    if not isinstance(content.get(path) or {}, dict):
        raise UsageError(f"--add {path}: it is not a mapping", hint="Use --set")
    apply_set(content, f"{path}.{pair}", as_text=as_text)


def _remove(content: dict[str, Any], path: str) -> None:
    keys = key_path(path)
    current: Any = content
    for key in keys[:-1]:
        current = current.get(key) if isinstance(current, dict) else None
    if not isinstance(current, dict) or current.get(keys[-1]) is None:
        raise UsageError(f"--remove {path!r}: there is no such property")
    if len(keys) == 1:
        current[keys[0]] = {} if isinstance(current[keys[0]], dict) else None
    else:
        del current[keys[-1]]


OWN_KEYS = frozenset({"tags", "properties"} | {setting.key for setting in SETTINGS if setting.type is dict})
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
        raise UsageError(f"--set {assignment!r} is not key=value", hint="For example: --set retry_settings.timeout=60")
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
