"""A YAML file with the line of each value, so that an error can name the place."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cli.output.errors import CliError, InvalidInputError, NotFoundError
from cli.yaml_files.plain_text import PlainLoader

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class YamlDocument:
    """The content of a YAML file."""

    path: Path
    content: dict[str, Any]
    lines: dict[KeyPath, int]
    """Line of each key or list item, counted from 1."""
    assigned: dict[KeyPath, str] = field(default_factory=dict)
    """The command line's options that override values of the file."""

    @property
    def folder(self) -> Path:
        """The base of relative paths in the file."""
        return self.path.parent

    def where(self, *keys: str | int) -> str:
        """Return `file.yml, line 7`: the place of a value, or of the innermost part around it.

        For a value that an option gave, return the option.
        """
        for length in range(len(keys), 0, -1):
            if option := self.assigned.get(keys[:length]):
                return option
            if (line := self.lines.get(keys[:length])) is not None:
                return f"{self.path}, line {line}"
        return str(self.path)

    def error(self, keys: KeyPath, message: str, *, hint: str = "") -> InvalidInputError:
        """Return an error about the value at `keys`."""
        return InvalidInputError(f"{self.where(*keys)}: {message}", hint=hint)

    @contextmanager
    def named_at(self, keys: KeyPath) -> Iterator[None]:
        """Make CliErrors raised inside name the place of the value at `keys`."""
        try:
            yield
        except CliError as error:
            error.message = f"{self.where(*keys)}: {error.message}"
            raise

    def missing(self, keys: KeyPath, what: str, path: Path) -> NotFoundError:
        """Return the error that `path`, which the value at `keys` names, does not exist or is of the other kind."""
        fault = "is not a file" if path.is_dir() else "is not a folder" if path.exists() else "does not exist"
        return NotFoundError(f"{self.where(*keys)}: {what} {path} {fault}", hint="Paths are relative to the YAML file")


def empty_document(content: dict[str, Any] | None = None) -> YamlDocument:
    """Return a document with content from the command line instead of a file."""
    return YamlDocument(Path("the command line"), content or {}, {})


def read_document(path: Path) -> YamlDocument:
    """Read a file. Raise NotFoundError, or InvalidInputError with line and column."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"the file {path} does not exist") from None
    except IsADirectoryError:
        raise InvalidInputError(f"{path} is a folder", hint="Name a YAML file") from None
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{path} is not UTF-8 text ({error.reason} at byte {error.start})") from None
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read ({(error.strerror or '').lower()})") from None
    return _parse(path, text)


def document_of(path: Path | None, given: Mapping[str, Any] | None = None) -> YamlDocument:
    """Read a file, or start with an empty document, and override it with the `given` values that are not None."""
    document = read_document(path) if path else empty_document()
    document.content.update({key: value for key, value in (given or {}).items() if value is not None})
    return document


def _parse(path: Path, text: str) -> YamlDocument:
    try:
        loader = PlainLoader(text)
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise InvalidInputError(f"{path} does not hold `key: value` pairs")
        content = loader.construct_document(node)
        lines: dict[KeyPath, int] = {}
        _note_lines(node, (), lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InvalidInputError(f"{path}{place}: not valid YAML: {error.problem or error.context}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InvalidInputError(
            f"{path}, line {line}: not valid YAML: the character U+{error.character:04X} is not allowed",
            hint="Remove it, or write it as an escape in double quotes",
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidInputError(f"{path}: not valid YAML: {error}") from None
    except RecursionError:
        raise InvalidInputError(
            f"{path}: its lists and mappings are nested too deeply, or contain themselves"
        ) from None
    return YamlDocument(path, content, lines)


def _note_lines(node: yaml.Node, at: KeyPath, lines: dict[KeyPath, int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            lines[(*at, key.value)] = key.start_mark.line + 1
            _note_lines(value, (*at, key.value), lines)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            lines[(*at, number)] = item.start_mark.line + 1
            _note_lines(item, (*at, number), lines)
