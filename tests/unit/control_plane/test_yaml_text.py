from itertools import pairwise

import pytest

from shared.control_plane.assets.registration import read_yaml
from shared.errors import ValidationError

pytestmark = pytest.mark.unit

_LINES = "".join(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in pairwise("abcdefghi"))
LAUGHS = f"a: &a [{', '.join('x' * 9)}]\n{_LINES}"


def test_anchors_may_be_used() -> None:
    assert read_yaml("a: &x {b: [1]}\nc: *x\n", "it", "f") == {"a": {"b": ["1"]}, "c": {"b": ["1"]}}
    assert read_yaml("", "it", "f") is None


@pytest.mark.parametrize(
    "text", ["3.10", "010", "1_000", "no", "~", "12:30", "1e3", "0x1F", "2021-01-31", "2023-13-45"]
)
def test_a_plain_value_is_the_text_that_the_file_has(text: str) -> None:
    assert read_yaml(f"python_version: {text}", "it", "f") == {"python_version": text}


@pytest.mark.parametrize("tag", ["bool", "int", "float", "null", "timestamp", "binary", "str"])
@pytest.mark.parametrize("value", ["maybe", "1:x", ""])
def test_a_value_that_does_not_fit_its_tag_is_a_text_too(tag: str, value: str) -> None:
    assert read_yaml(f'dependencies: [!!{tag} "{value}"]', "it", "f") == {"dependencies": [value]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LAUGHS, "more than 20,000 values"),
        ("a: &a [1, *a]", "more than 20,000 values"),
        ("[" * 5000, "too deep"),
        ("a: [", "is not valid YAML: while parsing"),
        ("!!python/object/apply:os.getcwd []", "could not determine a constructor"),
    ],
)
def test_what_is_no_plain_document_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason) as caught:
        read_yaml(text, "it", "f")
    assert caught.value.target == "f"


def test_a_long_document_is_refused_before_it_is_read_to_its_end() -> None:
    unfinished = "[" + "a, " * 100_000 + "}"
    with pytest.raises(ValidationError, match="more than 20,000 values"):
        read_yaml(unfinished, "it", "f")
