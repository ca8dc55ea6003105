"""In which order the deployment makes things: what Azure does not wait for by itself."""

import re

import pytest

from tests.unit.infra.bicep_files import BicepFile, bicep_files, file_named, resource_named, unwrapped

pytestmark = pytest.mark.unit


def _waits_for(symbol: str) -> set[str]:
    """Modules of the main file that one waits for, because it is told to or uses their outputs."""
    main = file_named("main.bicep")
    body = unwrapped(main.modules[symbol]["config"])
    (text,) = re.findall(rf"^module {symbol} .*?^}}\]?$", main.text, re.MULTILINE | re.DOTALL)
    used = set(re.findall(r"\b(\w+)!?(?:\[\w+\])?\.outputs\.", text))
    return used | set(body.get("dependsOn", []))


def _all_before(symbol: str) -> set[str]:
    found: set[str] = set()
    waiting = {symbol}
    while waiting:
        more = _waits_for(waiting.pop()) - found
        found |= more
        waiting |= more
    return found


def test_event_grid_tries_rights_that_were_given_minutes_before() -> None:
    early = {"alertRules", "functionApp", "privateEndpoints", "scaleSets"}
    assert early | {"blobTopicRights"} <= _waits_for("blobSubscription")
    assert not _all_before("blobTopicRights") & early, "it is early, so that time passes"


def test_roles_are_known_before_they_are_given() -> None:
    for symbol in ("machineReading", "scaleSets", "scalerRights"):
        assert {"roles", "storage", "storageAccess"} <= _all_before(symbol), symbol
    assert {"roles", "storage"} <= _all_before("storageAccess"), "making the account takes a minute"


def test_endpoints_of_one_account_are_made_one_after_another() -> None:
    tree = file_named("app/private-endpoints.bicep").tree["resources"]
    for symbol in ("privateEndpoint", "records"):
        assert {"type": "batchSize", "argument": 1} in tree[symbol]["decorators"], symbol


@pytest.mark.parametrize("file", bicep_files(), ids=repr)
def test_an_assignment_for_another_principal_has_another_name(file: BicepFile) -> None:
    """Azure refuses to change an assignment's principal (RoleAssignmentUpdateNotPermitted)."""
    for one in file.resources:
        if one.type == "Microsoft.Authorization/roleAssignments":
            principal = one.body["properties"]["principalId"]
            names = one.body["name"]["function"]["parameters"].values()
            assert isinstance(principal, str), f"{file}: {one.symbol} is for somebody known at the end only"
            assert principal in names, f"{file}: {one.symbol}"


def test_the_topic_has_the_only_identity_that_a_closed_account_lets_in() -> None:
    assert resource_named(file_named("app/blob-topic.bicep"), "topic").body["identity"] == {"type": "SystemAssigned"}
