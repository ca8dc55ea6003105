"""YAML whose words mean what the key says that they stand at: a text, a number, yes or no.

YAML 1.1 turns words without quotes into other values: `12:30` into 750, `1.10` into 1.1, `010` into 8, `NO` into
false, dates into instants. Here they stay the characters of the file until a form says what is meant.
"""

import re
from typing import Any

import yaml

NULL = frozenset({"", "~", "null", "Null", "NULL"})
"""How YAML writes that there is no value."""

_PLAIN = "!plain"
_MERGE = "tag:yaml.org,2002:merge"
_SCALARS = ("bool", "int", "float", "null", "timestamp")

_WHOLE = re.compile(r"(?P<sign>[-+]?)(?:0o(?P<octal>[0-7]+)|0x(?P<hex>[0-9a-fA-F]+)|(?P<decimal>[0-9][0-9_]*))")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


class PlainText(str):
    """A value that is written without quotes: its characters."""

    __slots__ = ()

    @property
    def is_null(self) -> bool:
        """Whether it says that there is no value."""
        return self in NULL

    @property
    def number(self) -> int | float | None:
        """The number that it is in YAML 1.2 (also with `_` between digits); None when it is not one."""
        text = self.strip()
        if found := _WHOLE.fullmatch(text):
            base = 8 if found["octal"] else 16 if found["hex"] else 10
            digits = found["octal"] or found["hex"] or found["decimal"]
            return int(found["sign"] + digits.replace("_", ""), base)
        if not _DECIMAL.fullmatch(text):
            return None
        value = float(text)
        return int(value) if value.is_integer() else value

    def collection(self) -> Any:
        """The list or mapping that it is, as in `--set tags={a: 1}`; itself when it is not one."""
        if not self.lstrip().startswith(("{", "[")):
            return self
        try:
            value = read_yaml(self)
        except (yaml.YAMLError, ValueError, RecursionError):
            return self
        return value if isinstance(value, dict | list) else self


class PlainLoader(yaml.SafeLoader):
    """Values without quotes become PlainText, others str. A key that is there twice is refused."""

    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: Any) -> str:
        """The tag of a node that has none in the file."""
        if kind is not yaml.ScalarNode or not implicit[0]:
            return super().resolve(kind, value, (False, True))  # type: ignore[no-any-return, no-untyped-call]
        return _MERGE if value == "<<" else _PLAIN

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """The mapping, before merge keys bring in those of others."""
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key.value!r} is twice", key.start_mark)
            seen.add(key.value)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping; its keys are texts as they are written."""
        mapping = super().construct_mapping(node, deep=deep)
        return {str(key) if isinstance(key, PlainText) else key: value for key, value in mapping.items()}

    def construct_plain(self, node: yaml.ScalarNode) -> PlainText:
        """The characters."""
        return PlainText(self.construct_scalar(node))


PlainLoader.add_constructor(_PLAIN, PlainLoader.construct_plain)
for _name in _SCALARS:  # `!!int "3"`: whether that is a number is seen where it is used
    PlainLoader.add_constructor(f"tag:yaml.org,2002:{_name}", PlainLoader.construct_plain)


class _PlainDumper(yaml.SafeDumper):
    """Writes PlainText without quotes, as it was read."""


def _represent_plain(dumper: yaml.SafeDumper, text: PlainText) -> yaml.Node:
    tag = dumper.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return dumper.represent_scalar(tag, str(text))


_PlainDumper.add_representer(PlainText, _represent_plain)


def read_yaml(text: str) -> Any:
    """The content of a YAML text; raises YAMLError, RecursionError."""
    return yaml.load(text, Loader=PlainLoader)  # noqa: S506 - a SafeLoader


def write_yaml(content: Any) -> str:
    """The content as YAML again; values that were written without quotes stay as they were."""
    return yaml.dump(content, Dumper=_PlainDumper, sort_keys=False, allow_unicode=True)


def given_value(text: str) -> str:
    """The value of `--set key=text`: without quotes around it, else PlainText."""
    try:
        node = yaml.compose(text, Loader=PlainLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        node = None
    if isinstance(node, yaml.ScalarNode) and node.style in {"'", '"'}:
        return str(node.value)
    return PlainText(text)
