"""The project's Bicep files, read: what they declare, what they name, and the values of their properties."""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pycep import BicepParser

REPOSITORY = Path(__file__).parents[3]
INFRA = REPOSITORY / "infra"

_TOKEN = re.compile(
    r"(?P<skip>//[^\n]*|#disable-[^\n]*|/\*.*?\*/|\s+)|(?P<word>\.?[.?]?[A-Za-z_]\w*)|(?P<text>')|(?P<mark>.)",
    re.DOTALL,
)
_LITERAL_END = re.compile(r"(?:[^'\\$]|\\.|\$(?!\{))*")
_KEYWORDS = frozenset({"true", "false", "null", "if", "for", "in", "existing"})
_DECLARATION = re.compile(r"^(?:param|var|resource|module|type)\s+(\w+)", re.MULTILINE)
_IMPORT = re.compile(r"^import \{([^}]*)\} from '([^']+)'", re.MULTILINE)
_LOCAL = re.compile(r"\bfor \(?(\w+)(?:, (\w+)\))? in\b|\b(\w+) =>")


@dataclass(frozen=True)
class Resource:
    """A resource that a file declares."""

    symbol: str
    type: str
    api_version: str
    existing: bool
    body: dict[str, Any]


class BicepFile:
    """One parsed file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")

    def __repr__(self) -> str:
        return self.path.relative_to(REPOSITORY).as_posix()

    @cached_property
    def tree(self) -> Any:
        """What the parser makes of the text; kept beside pytest's cache, as parsing takes seconds."""
        key = hashlib.sha256(f"{version('pycep-parser')}\n{self.text}".encode()).hexdigest()
        kept = REPOSITORY / ".pytest_cache/bicep" / f"{key}.json"
        if not kept.is_file():
            kept.parent.mkdir(parents=True, exist_ok=True)
            partial = kept.with_suffix(f".{os.getpid()}")
            partial.write_text(json.dumps(BicepParser().parse(text=self.text)), encoding="utf-8")
            partial.rename(kept)
        return json.loads(kept.read_text(encoding="utf-8"))

    @property
    def parameters(self) -> dict[str, Any]:
        return dict(self.tree.get("parameters", {}))

    @property
    def variables(self) -> dict[str, Any]:
        return {name: one["value"] for name, one in self.tree.get("variables", {}).items()}

    @property
    def outputs(self) -> dict[str, Any]:
        return dict(self.tree.get("outputs", {}))

    @property
    def modules(self) -> dict[str, Any]:
        return dict(self.tree.get("modules", {}))

    @property
    def resources(self) -> list[Resource]:
        return [
            Resource(symbol, one["type"], one["api_version"], one["existing"], unwrapped(one["config"]))
            for symbol, one in self.tree.get("resources", {}).items()
        ]

    @property
    def imported(self) -> dict[str, Path]:
        """Names of imported types, with the file of each."""
        found = ((names, self.path.parent / path) for names, path in _IMPORT.findall(self.text))
        return {name.strip(): path.resolve() for names, path in found for name in names.split(",")}

    @cached_property
    def types(self) -> dict[str, Any]:
        """The types that the file declares or imports: what each is, and its decorators."""
        own = dict(self.tree.get("types", {}))
        return own | {name: BicepFile(path).types[name] for name, path in self.imported.items()}

    @property
    def declared(self) -> set[str]:
        """Names of parameters, variables, types, resources and modules, and of what is imported."""
        return {*_DECLARATION.findall(self.text), *self.imported}

    @property
    def local_names(self) -> set[str]:
        """Names of loops' items and lambdas' arguments."""
        return {name for names in _LOCAL.findall(self.text) for name in names if name}

    def words(self) -> Iterator[str]:
        """Every name that an expression uses: no property names, no keys, nothing inside of texts but `${...}`."""
        yield from _words(self.text, 0, "")


def _words(source: str, start: int, until: str) -> Iterator[str]:
    """Yields the names from `start` to the mark `until` that closes an interpolation."""
    position, depth = start, 0
    while position < len(source):
        token = _TOKEN.match(source, position)
        assert token is not None
        position = token.end()
        if token["text"]:
            position = yield from _words_of_text(source, position)
        elif word := token["word"]:
            is_key = source[position:].startswith(":") and _may_be_key(source, token.start())
            if not word.startswith(".") and not is_key and word not in _KEYWORDS:
                yield word
        elif token["mark"] == "{":
            depth += 1
        elif token["mark"] == "}":
            if until == "}" and depth == 0:
                return position
            depth -= 1
    return position


def _words_of_text(source: str, position: int) -> Iterator[str]:
    while True:
        end = _LITERAL_END.match(source, position)
        assert end is not None
        position = end.end()
        if source[position] == "'":
            return position + 1
        position = yield from _words(source, position + 2, "}")


def _may_be_key(source: str, position: int) -> bool:
    """Whether a name before a colon is a property's; the first branch of a conditional stands elsewhere."""
    before = source[source.rfind("\n", 0, position) + 1 : position].strip()
    return not before or before[-1] in "{,"


def unwrapped(config: Any) -> dict[str, Any]:
    """The body of a resource or module, without its condition and loop."""
    while isinstance(config, dict) and "config" in config and ("condition" in config or "loop_type" in config):
        config = config["config"]
    assert isinstance(config, dict)
    return config


def branches(value: Any) -> Iterator[Any]:
    """The values that a conditional may have; any other value itself."""
    operator = value.get("operator") if isinstance(value, dict) else None
    if isinstance(operator, dict) and operator["type"] == "conditional":
        operands = operator["operands"]
        for side in ("true_value", "false_value"):
            yield from branches(operands[side])
    else:
        yield value


def is_expression(value: Any) -> bool:
    """Whether a value is computed."""
    parts = (value.get(key) for key in ("function", "operator", "loop_type")) if isinstance(value, dict) else ()
    return any(isinstance(part, dict) for part in parts)


@cache
def bicep_files() -> tuple[BicepFile, ...]:
    """All files of the project."""
    return tuple(BicepFile(path) for path in sorted(INFRA.rglob("*.bicep")))


def file_named(name: str) -> BicepFile:
    """The file `name`, relative to infra/."""
    return next(file for file in bicep_files() if file.path == INFRA / name)


def resource_named(file: BicepFile, symbol: str) -> Resource:
    """The resource of this symbolic name."""
    return next(one for one in file.resources if one.symbol == symbol)
