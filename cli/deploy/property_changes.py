"""`--set`, `--add` and `--remove` of the update verbs, which change single properties of a resource."""

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.output.errors import UsageError, did_you_mean
from cli.output.field_names import name_in_files
from shared.contracts.settings_table import SETTINGS

if TYPE_CHECKING:
    from cli.yaml_files.document import YamlDocument
    from cli.yaml_files.form import FormType


@dataclass(frozen=True)
class PropertyChanges:
    """The changes that the options ask for, in the order in which they are applied."""

    assigned: tuple[str, ...] = ()
    """`tags.team=blue`"""
    added: tuple[tuple[str, str], ...] = ()
    """`tags` and `team=blue`"""
    removed: tuple[str, ...] = ()
    """`tags.team`"""
    as_text: bool = False
    """Values are texts, even if they look like numbers."""

    def __bool__(self) -> bool:
        """True if there is any change."""
        return bool(self.assigned or self.added or self.removed)

    def check(self, changeable: tuple[str, ...], what: str) -> None:
        """Raise UsageError for a change to a property of `what` that is not in `changeable`."""
        for path in (*(text.partition("=")[0] for text in self.assigned), *(at for at, _ in self.added), *self.removed):
            name = key_path(path)[0]
            if name not in changeable:
                near = did_you_mean(name_in_files(name), changeable)
                raise UsageError(
                    f"{path.strip()!r} of {what} cannot be changed",
                    hint=" ".join([*near, f"Changeable are {', '.join(changeable)}"]),
                )

    def applied(self, form: "type[FormType]", content: dict[str, Any]) -> "FormType":
        """Return a copy of `content` with the changes, checked like a file.

        `content` stays as it is, as its parts belong to the resource that a failure restores. Raise CliError that names
        the option and the key.
        """
        from cli.yaml_files.document import empty_document
        from cli.yaml_files.form import read_form

        content = deepcopy(content)
        document = empty_document(content)
        self.apply(content)
        for assignment in (*self.assigned, *(f"{path}.{pair}" for path, pair in self.added)):
            note_assigned(document, assignment)
        return read_form(form, document)

    def apply(self, content: dict[str, Any]) -> None:
        """Apply the changes to `content` in place."""
        for assignment in self.assigned:
            apply_set(content, assignment, as_text=self.as_text)
        for path, pair in self.added:
            _add(content, path, pair, as_text=self.as_text)
        for path in self.removed:
            _remove(content, path)


_MOST_DIGITS = 9
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
"""The text after one of these keys is one key of the user, even if it has dots."""


def key_path(path: str) -> list[str]:
    """Split `a.b` into its keys."""
    keys = path.strip().split(".")
    last = next((number for number, key in enumerate(keys, 1) if key in OWN_KEYS), len(keys))
    return [*keys[:last], ".".join(keys[last:])] if last < len(keys) else keys


def parse_assignment(assignment: str, *, as_text: bool = False) -> tuple[list[str], str]:
    """Return keys and value of `a.b=value`. With `as_text` the value is a text. Otherwise its key decides its type."""
    from cli.yaml_files.plain_text import given_value

    path, separator, text = assignment.partition("=")
    keys = key_path(path)
    if not separator or not all(keys):
        raise UsageError(f"--set {assignment!r} is not key=value", hint="For example: --set retry_settings.timeout=60")
    return keys, text if as_text else given_value(text)


def assign(document: "YamlDocument", assignments: tuple[str, ...]) -> "YamlDocument":
    """Override values of the document and return it. Errors about these values name the option."""
    for assignment in assignments:
        apply_set(document.content, assignment)
        note_assigned(document, assignment)
    return document


def note_assigned(document: "YamlDocument", assignment: str) -> None:
    """Make errors about this value name the option that gave it."""
    keys, _ = parse_assignment(assignment)
    place = tuple(key if (index := _index(key)) is None else index for key in keys)
    document.assigned[place] = f"--set {assignment}"


def apply_set(content: dict[str, Any], assignment: str, *, as_text: bool = False) -> None:
    """Set the value in `content`, and create missing mappings. A number names a list item."""
    keys, value = parse_assignment(assignment, as_text=as_text)
    current: Any = content
    for key in keys[:-1]:
        current = _step(current, key, assignment)
    if isinstance(current, dict):
        current[keys[-1]] = value
    elif isinstance(current, list) and (index := _index(keys[-1])) is not None and index < len(current):
        current[index] = value
    else:
        raise UsageError(f"--set {assignment!r}: there is nothing to set at {keys[-1]!r}")


def _index(key: str) -> int | None:
    """Return the position of the list item that `key` names, or None if `key` is not a number."""
    return int(key) if key.isascii() and key.isdigit() and len(key) <= _MOST_DIGITS else None


def _step(current: Any, key: str, assignment: str) -> Any:
    from cli.yaml_files.plain_text import PlainText

    if isinstance(current, list) and (index := _index(key)) is not None and index < len(current):
        return current[index]
    if isinstance(current, dict):
        held = current.get(key)
        if isinstance(held, PlainText):
            held = None if held.is_null else held.collection()
        current[key] = {} if held is None else held
        if isinstance(current[key], dict | list):
            return current[key]
    raise UsageError(f"--set {assignment!r}: {key!r} is not a mapping or a list of it")
