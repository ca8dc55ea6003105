"""YAML in which the key, not the YAML parser, decides whether a word is a text, a number or a boolean.

YAML 1.1 converts words without quotes: `12:30` to 750, `1.10` to 1.1, `010` to 8, `NO` to
false, dates to instants. Here they stay the characters of the file until a form converts them.
"""

import re
from typing import Any

import yaml

NULL = frozenset({"", "~", "null", "Null", "NULL"})
"""The spellings of "no value" in YAML."""

_PLAIN = "!plain"
_MERGE = "tag:yaml.org,2002:merge"
_SCALARS = ("bool", "int", "float", "null", "timestamp")

_MOST_DIGITS = 50
"""No setting has a number of more characters."""
_WHOLE = re.compile(r"(?P<sign>[-+]?)(?:0o(?P<octal>[0-7]+)|0x(?P<hex>[0-9a-fA-F]+)|(?P<decimal>[0-9]+(?:_[0-9]+)*))")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


class PlainText(str):
    """The characters of a value without quotes."""

    __slots__ = ()

    @property
    def is_null(self) -> bool:
        """True if it means "no value"."""
        return self in NULL

    @property
    def number(self) -> int | float | None:
        """The number that it is in YAML 1.2 (`_` between digits is allowed), or None."""
        text = self.strip()
        if len(text) > _MOST_DIGITS:
            return None
        if found := _WHOLE.fullmatch(text):
            base = 8 if found["octal"] else 16 if found["hex"] else 10
            digits = found["octal"] or found["hex"] or found["decimal"]
            return int(found["sign"] + digits.replace("_", ""), base)
        if not _DECIMAL.fullmatch(text):
            return None
        value = float(text)
        return int(value) if value.is_integer() else value

    def collection(self) -> Any:
        """Return the list or mapping that it spells, as in `--set tags={a: 1}`, or else itself."""
        if not self.lstrip().startswith(("{", "[")):
            return self
        try:
            value = read_yaml(self)
        except (yaml.YAMLError, ValueError, RecursionError):
            return self
        return value if isinstance(value, dict | list) else self


class PlainLoader(yaml.SafeLoader):
    """Loads values without quotes as PlainText and others as str. It refuses duplicate keys."""

    NON_PRINTABLE = re.compile(  # type: ignore[misc]  # final in the stubs only
        "[^\t\n\r -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    )
    """Refuses U+0085, U+2028 and U+2029, too. PyYAML takes them for the end of a line and would remove or move them."""

    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: Any) -> str:
        """Return the tag of a node that does not have one in the file."""
        if kind is not yaml.ScalarNode or not implicit[0]:
            return super().resolve(kind, value, (False, True))  # type: ignore[no-any-return, no-untyped-call]
        return _MERGE if value == "<<" else _PLAIN

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Compose a mapping before merge keys add other keys. Raise ConstructorError for a duplicate key."""
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} appears twice", key.start_mark
                )
            seen.add(key.value)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping with its keys as plain texts."""
        mapping = super().construct_mapping(node, deep=deep)
        return {str(key) if isinstance(key, PlainText) else key: value for key, value in mapping.items()}

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> str:
        """Return the text, with `\\ud83d\\ude00` as one character. Raise ConstructorError for half a character."""
        text = super().construct_scalar(node)
        try:
            return str(text).encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise yaml.constructor.ConstructorError(
                None, None, f"{text!r} has half a character (a lone surrogate)", node.start_mark
            ) from None

    def construct_plain(self, node: yaml.ScalarNode) -> PlainText:
        """Return the characters of the value."""
        return PlainText(self.construct_scalar(node))


PlainLoader.add_constructor(_PLAIN, PlainLoader.construct_plain)
PlainLoader.add_constructor(_MERGE, PlainLoader.construct_plain)  # `a: <<`: only a key merges
for _name in _SCALARS:  # `!!int "3"`: the form that reads it decides whether it is a number
    PlainLoader.add_constructor(f"tag:yaml.org,2002:{_name}", PlainLoader.construct_plain)


class _PlainDumper(yaml.SafeDumper):
    """Writes PlainText without quotes, as in the file."""


def _represent_plain(dumper: yaml.SafeDumper, text: PlainText) -> yaml.Node:
    tag = dumper.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return dumper.represent_scalar(tag, str(text))


_PlainDumper.add_representer(PlainText, _represent_plain)


def read_yaml(text: str) -> Any:
    """Return the content of a YAML text. Raise YAMLError, ValueError or RecursionError."""
    return yaml.load(text, Loader=PlainLoader)  # noqa: S506 - a SafeLoader


def write_yaml(content: Any) -> str:
    """Return the content as YAML. Values without quotes stay as they were."""
    return yaml.dump(content, Dumper=_PlainDumper, sort_keys=False, allow_unicode=True)


def given_value(text: str) -> str:
    """Return the value of `--set key=text`: the text inside its quotes, or PlainText if quotes do not enclose it."""
    quoted = text.strip()
    try:
        loader = PlainLoader(quoted)
        node = loader.get_single_node()
        if isinstance(node, yaml.ScalarNode) and quoted[0] == node.style and node.end_mark.index == len(quoted):
            return loader.construct_scalar(node)
    except (yaml.YAMLError, ValueError, RecursionError):
        pass
    return PlainText(text)
