"""JSON arrives as it was written, or not at all."""

from typing import Any

import pytest

from shared.contracts.strict_json import MAX_DEPTH, MAX_INTEGER, read_json
from shared.errors import ValidationError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, -2.5, 1e300, 0.0, 0e9, true, null]}', {"a": [1, -2.5, 1e300, 0.0, 0.0, True, None]}),
        ('"\\ud83d\\ude00 \\u00e9 é \\\\ud800"', "😀 é é \\ud800"),
        ('{"a": {"a": 1}, "A": 2}', {"a": {"a": 1}, "A": 2}),
        (f"[{MAX_INTEGER}, -{MAX_INTEGER}]", [MAX_INTEGER, -MAX_INTEGER]),
        ('\ufeff{"a": 1}', {"a": 1}),
        ("[" * MAX_DEPTH + "]" * MAX_DEPTH, None),
        ('"' + "[{" * 1000 + '"', "[{" * 1000),
    ],
)
def test_what_is_json_is_read_as_it_is(text: str, value: Any) -> None:
    read = read_json(text.encode(), "The body")
    assert value is None or read == value


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a": NaN}', "NaN is not a number"),
        (b"[-Infinity]", "-Infinity is not a number"),
        (b"[1e999]", "1e999 does not fit into 64 bits"),
        (b"[1e-999]", "1e-999 does not fit into 64 bits"),
        (str(MAX_INTEGER + 1).encode(), f"{MAX_INTEGER + 1} does not fit"),
        (b"9" * 100_000, "99999… does not fit"),
        (b'["\\ud800"]', "half of a surrogate pair"),
        (b'{"x": {"\\udc00": 1}}', "half of a surrogate pair"),
        (b'{"a": {"b": 1, "c": 2, "b": 1}}', "'b' is given twice"),
        (b'{"a": "\xff"}', "byte 7 is not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        (b"\x1f\x8b\x08\x00", "not UTF-8"),
        (b'{"a": ', "at character 6"),
        (b"{} {}", "Extra data at character 3"),
        (b"", "Expecting value"),
        (b"[" * (MAX_DEPTH + 1), "more than 64 deep"),
        (b'{"a":' * 100_000, "more than 64 deep"),
    ],
)
def test_anything_else_is_refused_in_a_short_sentence(body: bytes, reason: str) -> None:
    with pytest.raises(ValidationError, match=r"^The body ") as caught:
        read_json(body, "The body")
    assert reason in caught.value.message
    assert len(caught.value.message) < 200


@pytest.mark.timeout(30)
def test_a_member_given_twice_among_very_many_is_found_at_once():
    members = ",".join(f'"a{number}":0' for number in range(90_000))
    with pytest.raises(ValidationError, match="the member 'a89999' is given twice"):
        read_json(f'{{{members},"a89999":0}}'.encode(), "The body")


@pytest.mark.timeout(30)
def test_the_depth_of_a_body_with_a_text_that_does_not_end_is_found_at_once():
    with pytest.raises(ValidationError, match="more than 64 deep"):
        read_json(b"[" * MAX_DEPTH + b'["' + b'\\"' * 500_000, "The body")
