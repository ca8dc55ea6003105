"""`--set`, `--add` and `--remove` of the update verbs: single properties of something that is there."""

from dataclasses import dataclass
from typing import Any

from cli.api.field_names import name_in_files
from cli.deploy.set_option import apply_set, key_path, note_assigned
from cli.errors import UsageError
from cli.suggestion import did_you_mean
from cli.yaml_files.document import empty_document
from cli.yaml_files.form import FormType, read_form


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
                    mend=" ".join([*near, f"Changeable are {', '.join(changeable)}"]),
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
        raise UsageError(f"--add {path} {pair!r} is not key=value", mend="For example: --add tags team=blue")
    if not isinstance(content.get(path) or {}, dict):
        raise UsageError(f"--add {path}: it is not a mapping", mend="Use --set")
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
