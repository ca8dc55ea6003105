import base64

import pytest

from shared.errors import ValidationError
from shared.triggers.http.framework.paging import continuation_of, page_of, skip_token

pytestmark = pytest.mark.unit


def walk(items: list[str], size: int, *, descending: bool = False) -> list[list[str]]:
    pages, token = [], None
    while True:
        page = page_of(items, str, size=size, skip_token=token, descending=descending)
        pages.append(page.items)
        if page.skip_token is None:
            return pages
        token = page.skip_token


def test_pages_follow_each_other_in_order() -> None:
    assert walk(["c", "a", "b"], 2) == [["a", "b"], ["c"]]
    assert walk(["c", "a", "b"], 2, descending=True) == [["c", "b"], ["a"]]
    assert walk(["a", "b"], 2) == [["a", "b"]]
    assert walk([], 2) == [[]]


def test_what_is_deleted_between_two_pages_hides_nothing() -> None:
    first = page_of(["a", "b", "c"], str, size=2)
    assert page_of(["a", "c"], str, size=2, skip_token=first.skip_token).items == ["c"]


@pytest.mark.parametrize("token", ["?", "a", "_w"])
def test_a_foreign_token_is_refused(token: str) -> None:
    with pytest.raises(ValidationError, match="skiptoken"):
        page_of(["a"], str, skip_token=token)


@pytest.mark.parametrize("key", ["1!8!TmV4dA--", "endpoint-é", None])
def test_the_continuation_of_storage_survives_its_token(key: str | None) -> None:
    continuation = {"PartitionKey": "workspace", "RowKey": key}
    assert continuation_of(skip_token(continuation)) == continuation  # type: ignore[arg-type]  # as the SDK gives it
    assert continuation_of(None) is None


@pytest.mark.parametrize(
    "text",
    [
        '{"PartitionKey": "\\ud800", "RowKey": "a"}',
        '{"PartitionKey": "a\\u0000", "RowKey": "a"}',
        '{"PartitionKey": ["a"], "RowKey": "a"}',
        '{"PartitionKey": 1, "RowKey": NaN}',
        '{"PartitionKey": "a", "PartitionKey": "b", "RowKey": "a"}',
        '{"PartitionKey": "a"}',
        "[" * 100_000,
        "9" * 5_000,
        "",
    ],
    ids=lambda text: text[:40],
)
def test_a_foreign_continuation_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="nextLink"):
        continuation_of(base64.urlsafe_b64encode(text.encode()).decode() or "=")


@pytest.mark.parametrize("token", ["?", "a", "é", "e30 =", "e30=\n"])
def test_a_token_that_is_not_base64_is_refused(token: str) -> None:
    with pytest.raises(ValidationError, match="nextLink"):
        continuation_of(token)
