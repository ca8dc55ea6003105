"""Actions here are those of Azure's role definitions, not of our tables."""

from dataclasses import replace

import pytest

from shared.errors import AuthorizationError
from shared.security.access import ROLES, WORKSPACES, Access, Caller, Target, find_role, role_assignments
from shared.settings import SettingsError
from shared.triggers.wiring import access_from
from tests.integration.workspace_settings import SETTINGS

pytestmark = pytest.mark.unit

ACTIONS = {
    "write",
    "listKeys/action",
    "computes/read",
    "computes/write",
    "computes/delete",
    "computes/listNodes/action",
    "models/versions/read",
    "models/versions/write",
    "datastores/listSecrets/action",
    "batchEndpoints/write",
    "batchEndpoints/jobs/read",
    "batchEndpoints/jobs/write",
    "jobs/delete",
    "jobs/cancel/action",
}


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("Owner", ACTIONS),
        ("Contributor", ACTIONS),
        ("Reader", {action for action in ACTIONS if action.rpartition("/")[2] == "read"}),
        (
            "AzureML Data Scientist",
            ACTIONS - {"write", "listKeys/action", "computes/write", "computes/delete"},
        ),
        ("AzureML Compute Operator", {action for action in ACTIONS if action.startswith("computes/")}),
        ("Batch Endpoint Invoker", {"batchEndpoints/jobs/read", "batchEndpoints/jobs/write", "jobs/cancel/action"}),
    ],
)
def test_a_role_allows_what_the_role_of_this_name_allows_in_azure(role: str, allowed: set[str]) -> None:
    found = find_role(role)
    assert found is not None
    assert {action for action in ACTIONS if found.allows(f"{WORKSPACES}/{action}")} == allowed


def test_every_role_but_those_of_one_resource_sees_the_workspace() -> None:
    seeing = {role.name for role in ROLES if role.allows(f"{WORKSPACES}/read")}
    assert seeing == {"Owner", "Contributor", "Reader", "AzureML Data Scientist"}


def test_whoever_has_a_role_sees_the_subscription() -> None:
    assert all(role.allows("Microsoft.Resources/subscriptions/read") for role in ROLES)


@pytest.mark.parametrize("name", ["AzureML Data Scientist", "AzureMLDataScientist", "azureml data scientist"])
def test_a_role_is_found_by_its_name_and_as_app_role(name: str) -> None:
    found = find_role(name)
    assert found is not None
    assert found.name == "AzureML Data Scientist"


ACCESS = Access(
    role_assignments(
        """[{"principalId": "Ada", "role": "Reader"},
            {"principalId": "a-group", "role": "AzureML Compute Operator"},
            {"principalId": "robot", "role": "Batch Endpoint Invoker", "endpoint": "Heart"},
            {"principalId": "", "role": "Owner"}]"""
    )
)


def allowed(action: str, *, endpoint: str = "", **caller: object) -> bool:
    who = Caller(**{"oid": "", "name": "n", "tenant": "t"} | caller)
    try:
        ACCESS.require(who, action, Target("/s", lambda: endpoint))
    except AuthorizationError:
        return False
    return True


def test_roles_come_from_assignments_to_the_caller_and_its_groups_and_from_the_token() -> None:
    reading, operating, owning = f"{WORKSPACES}/jobs/read", f"{WORKSPACES}/computes/write", f"{WORKSPACES}/jobs/delete"
    assert allowed(reading, oid="ada")
    assert not allowed(operating, oid="ada")
    assert allowed(operating, oid="ada", groups=("A-Group",))
    assert allowed(owning, oid="eve", roles=("Something", "Contributor"))
    assert not allowed(reading, oid="eve", roles=("Something",))
    assert not allowed("Microsoft.Resources/subscriptions/read", oid="eve")


def test_an_entry_without_a_principal_is_nobodys_role() -> None:
    assert not allowed(f"{WORKSPACES}/jobs/read", oid="")


def test_a_role_for_one_endpoint_is_for_no_other_and_not_for_the_workspace() -> None:
    invoking = f"{WORKSPACES}/batchEndpoints/jobs/write"
    assert allowed(invoking, oid="robot", endpoint="heart")
    assert not allowed(invoking, oid="robot", endpoint="lung")
    assert not allowed(invoking, oid="robot")
    assert not allowed(f"{WORKSPACES}/batchEndpoints/write", oid="robot", endpoint="heart")
    assert allowed("Microsoft.Resources/subscriptions/read", oid="robot")


def test_a_refusal_names_client_action_and_scope_as_arm_does() -> None:
    caller = Caller("oid-1", "ada@example.org", "t", groups_are_missing=True)
    with pytest.raises(AuthorizationError) as caught:
        ACCESS.require(caller, f"{WORKSPACES}/jobs/read", Target("/subscriptions/s/x"))
    assert caught.value.message.startswith(
        "The client 'ada@example.org' with object id 'oid-1' does not have authorization to perform action "
        "'Microsoft.MachineLearningServices/workspaces/jobs/read' over scope '/subscriptions/s/x'."
    )
    assert "more groups than the token lists" in caught.value.message
    assert (caught.value.http_status, caught.value.code) == (403, "AuthorizationFailed")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Owner", "not JSON"),
        ("{}", "a JSON array of objects"),
        ('["ada"]', "a JSON array of objects"),
        ('[{"role": "Owner"}]', "principalId and role must be given"),
        ('[{"principalId": "a", "role": "Reader", "endpoint": ""}]', "leave it out"),
        ('[{"principalId": "a", "role": "King"}]', "role 'King' is not known: use Owner, Contributor"),
        ('[{"principalId": "a", "role": "Owner", "scope": "/"}]', "scope is not known"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=f"BATCH_ROLE_ASSIGNMENTS is not valid: .*{reason}"):
        access_from(replace(SETTINGS, role_assignments=text))
