import re
from typing import Any

import pytest

from cli.deploy.property_changes import PropertyChanges
from cli.main import spread
from cli.output.errors import CliError, UsageError
from cli.yaml_files.description_forms import Description, EndpointDescription

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
    assert changed(content, **changes) == {"description": "new", "tags": {"team": "blue", "size": "3"}}


def test_the_resource_that_a_failure_restores_is_not_changed() -> None:
    tags = {"team": "red", "x": "1"}
    content = {"description": "old", "tags": tags}
    changes = PropertyChanges(("tags.size=3",), (("tags", "team=blue"),), ("tags.x",))
    assert changes.applied(Description, content).tags == {"team": "blue", "size": "3"}
    assert content == {"description": "old", "tags": {"team": "red", "x": "1"}}


def test_values_are_texts_when_that_is_asked_for() -> None:
    assert changed({"tags": {}}, assigned=("tags.size=3",), as_text=True) == {"tags": {"size": "3"}}


ODD_TEXTS = (
    "12:30",
    "1.10",
    "010",
    "NO",
    "2026-02-30",
    "1_000",
    "0x1F",
    "1e3",
    "~",
    ".inf",
    "[draft]",
    "a: b",
    "# x",
    "*x",
    "<<",
    '"x" # y',
    '!!str "x"',
    '&x "y"',
    '"x" "y"',
    "'x': 'y'",
    '"\\ud800"',
    "²",
)


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_a_text_keeps_the_characters_of_the_command_line(text: str) -> None:
    changes = PropertyChanges(assigned=(f"tags.a={text}",), added=(("properties", f"b.c={text}"),))
    form = changes.applied(Description, {"tags": {}, "properties": {}})
    assert (form.tags, form.properties) == ({"a": text}, {"b.c": text})


@pytest.mark.parametrize(
    ("written", "meant"),
    [('"1.10"', "1.10"), ("'it''s'", "it's"), (' "x" ', "x"), ('"\\ud83d\\ude00"', "\U0001f600"), ('""', "")],
)
def test_a_text_in_quotes_loses_them(written: str, meant: str) -> None:
    assert changed({"tags": {}}, assigned=(f"tags.a={written}",)) == {"tags": {"a": meant}}


@pytest.mark.parametrize("position", ["²", "1", "-1", "x", "1" * 5000])
def test_a_list_item_that_does_not_exist_is_refused(position: str) -> None:
    for assignment in (f"a.{position}=x", f"a.{position}.b=x"):
        with pytest.raises(UsageError, match=re.escape(position[:10])):
            changed({"a": [{}]}, assigned=(assignment,))


def test_a_key_of_odd_digits_is_a_key() -> None:
    assert PropertyChanges(assigned=("tags.²=x",)).applied(Description, {"tags": {}}).tags == {"²": "x"}


def test_a_whole_mapping_is_set_and_then_a_key_of_it() -> None:
    changes = PropertyChanges(assigned=("tags={a: 1.10, b: 'NO'}", "tags.c=3"))
    assert changes.applied(Description, {"tags": {"old": "1"}}).tags == {"a": "1.10", "b": "NO", "c": "3"}


@pytest.mark.parametrize(
    ("assigned", "said"),
    [
        (
            "defaults.deploymentName=x",
            "unknown key `defaults.deploymentName` (did you mean `defaults.deployment_name`?)",
        ),
        ("defaults.deployment=x", "did you mean `defaults.deployment_name`?"),
        ("defaults=x", "`defaults` is 'x'; it should be a mapping"),
        ("defaults.deployment_name=a_b", "deployment name 'a_b' is not valid"),
        ("tags=x", "`tags` is 'x'; it should be a mapping"),
        ("description.short=x", "--set 'description.short=x'"),
    ],
)
def test_an_unknown_property_of_an_endpoint_is_refused_with_the_known_ones(assigned: str, said: str) -> None:
    content = {"description": "d", "tags": {}, "properties": {}, "defaults": {"deployment_name": "a"}}
    with pytest.raises(CliError, match=re.escape(said)) as refused:
        PropertyChanges(assigned=(assigned,)).applied(EndpointDescription, content)
    assert f"--set {assigned}" in refused.value.message or f"--set {assigned!r}" in refused.value.message


def test_the_active_deployment_is_set_and_cleared() -> None:
    def active(**changes: Any) -> str | None:
        form = PropertyChanges(**changes).applied(EndpointDescription, {"defaults": {"deployment_name": "one"}})
        return form.defaults.deployment_name if form.defaults else None

    assert active(assigned=("defaults.deployment_name=two",)) == "two"
    assert active(assigned=("defaults.deployment_name=",)) is None
    assert active(removed=("defaults.deployment_name",)) is None


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


def test_only_changeable_properties_are_accepted() -> None:
    changes = PropertyChanges(assigned=("tags.a=1",), removed=("scoring_uri",))
    with pytest.raises(UsageError, match="'scoring_uri' of an endpoint cannot be changed"):
        changes.check(("tags",), "an endpoint")
    with pytest.raises(UsageError) as refused:
        PropertyChanges(assigned=("displayName=x",)).check(("display_name", "tags"), "a job")
    assert "Did you mean 'display_name'?" in refused.value.as_line()


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
