"""YAML of users: read safely, also when it is written to be large once it is read."""

from typing import Any

import yaml

from shared.errors import ValidationError

MAX_VALUES = 100_000
"""Values in a document, each counted as often as aliases repeat it: a few lines can stand for billions."""


def read_yaml(text: str | bytes, what: str, field: str) -> Any:
    """The content; raises ValidationError that says what is wrong with `what`."""
    try:
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            if _values(node, {}) > MAX_VALUES:
                raise ValidationError(f"{what} stands for more than {MAX_VALUES:,} values", target=field)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError) as error:  # a date that is none is no YAMLError
        reason = " ".join(str(error).split())
        raise ValidationError(f"{what} is not valid YAML: {reason}", target=field) from error
    except RecursionError:
        raise ValidationError(f"{what} is not accepted: its lists and mappings are too deep", target=field) from None


def _values(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node stands for; more than allowed for one that holds itself."""
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = MAX_VALUES + 1  # until its parts are counted
    if isinstance(node, yaml.MappingNode):
        parts = [part for pair in node.value for part in pair]
    else:
        parts = node.value if isinstance(node, yaml.SequenceNode) else []
    known[id(node)] = 1 + sum(_values(part, known) for part in parts)
    return known[id(node)]
