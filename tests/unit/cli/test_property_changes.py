from __future__ import annotations

from typing import Any

import pytest

from cli.deploy.property_changes import PropertyChanges
from cli.errors import UsageError
from cli.repeated_options import spread

pytestmark = pytest.mark.unit


def changed(content: dict[str, Any], **changes: Any) -> dict[str, Any]:
    PropertyChanges(**changes).apply(content)
    return content


def test_properties_are_set_added_and_removed() -> None:
    content = {"description": "old", "tags": {"team": "red", "x": "1"}}
    changes = {
        "assigned": ("description=new", "tags.size=3"),
        "added": (("tags", "team=blue"),),
        "removed": ("tags.x",),
    }
    assert changed(content, **changes) == {"description": "new", "tags": {"team": "blue", "size": 3}}


def test_values_are_texts_when_that_is_asked_for() -> None:
    assert changed({"tags": {}}, assigned=("tags.size=3",), as_text=True) == {"tags": {"size": "3"}}


def test_a_text_that_looks_like_a_date_and_is_none_is_a_text() -> None:
    assert changed({"tags": {}}, assigned=("tags.day=2026-02-30",)) == {"tags": {"day": "2026-02-30"}}


def test_a_whole_property_is_removed() -> None:
    assert changed({"description": "x", "tags": {"a": "1"}}, removed=("description", "tags")) == {
        "description": None,
        "tags": {},
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"removed": ("tags.none",)}, "no such property"),
        ({"removed": ("description",)}, "no such property"),
        ({"added": (("tags", "blue"),)}, "not key=value"),
        ({"added": (("name", "a=b"),)}, "not a mapping"),
    ],
)
def test_what_cannot_be_done_is_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        changed({"name": "x", "description": None, "tags": {}}, **changes)


def test_only_what_may_change_is_taken() -> None:
    changes = PropertyChanges(assigned=("tags.a=1",), removed=("scoring_uri",))
    with pytest.raises(UsageError, match="'scoring_uri' of an endpoint cannot be changed"):
        changes.check(("tags",), "an endpoint")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("x --set a=1 b=2 -o tsv", "x --set a=1 --set b=2 -o tsv"),
        ("x --tags a=1 --yes b=2", "x --tags a=1 --yes b=2"),
        ("configure --defaults group=g workspace=w", "configure --defaults group=g --defaults workspace=w"),
        ("x --name a=1 b=2", "x --name a=1 b=2"),
        ("x --set a=1 -- b=2", "x --set a=1 -- b=2"),
    ],
)
def test_several_values_may_follow_one_option(given: str, meant: str) -> None:
    assert spread(given.split()) == meant.split()
