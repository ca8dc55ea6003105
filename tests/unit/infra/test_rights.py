"""Whoever calls storage or compute has the right to: docs/infra.md, the code and Bicep say the same."""

import ast
import inspect
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from typing import Any

import pytest
from azure.data.tables import TableClient, TableServiceClient
from azure.storage.blob import BlobClient, BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient, QueueServiceClient

from scorer_container.node.storage.blobs import Blobs
from scorer_container.node.storage.queue import Queue
from scorer_container.node.storage.rows import Rows
from tests.unit.infra.bicep_files import INFRA, REPOSITORY, bicep_files, file_named, resource_named, unwrapped

pytestmark = pytest.mark.unit

STORAGE = "Microsoft.Storage/storageAccounts"
SHORT = {
    "blobs": f"{STORAGE}/blobServices/containers/blobs",
    "containers": f"{STORAGE}/blobServices/containers",
    "generateUserDelegationKey": f"{STORAGE}/blobServices/generateUserDelegationKey",
    "queues": f"{STORAGE}/queueServices/queues",
    "messages": f"{STORAGE}/queueServices/queues/messages",
    "tables": f"{STORAGE}/tableServices/tables",
    "entities": f"{STORAGE}/tableServices/tables/entities",
    "scaleSets": "Microsoft.Compute/virtualMachineScaleSets",
    "machines": "Microsoft.Compute/virtualMachines",
    "operations": "Microsoft.Compute/locations/operations",
}
OF_FLEXIBLE_SCALE_SETS = {
    "scalerMachines": {"Microsoft.Compute/virtualMachines/write", "Microsoft.Compute/virtualMachines/delete"},
    "scalerParts": {
        "Microsoft.Network/virtualNetworks/subnets/join/action",
        "Microsoft.Network/networkSecurityGroups/join/action",
        "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
    },
}
"""What scaling a flexible scale set needs beside rights on it: scale sets write, machines write, network.

Source: Microsoft's page of orchestration modes, row "RBAC permissions required".
"""
BUILT_IN = {
    "storageBlobDataOwner": (
        "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        ["containers/*", "generateUserDelegationKey/action", "blobs/*"],
    ),
    "storageQueueDataContributor": (
        "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
        [
            *("queues/delete", "queues/read", "queues/write"),
            *("messages/delete", "messages/read", "messages/write", "messages/process/action"),
        ],
    ),
    "storageTableDataContributor": (
        "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
        [
            *("tables/read", "tables/write", "tables/delete"),
            *("entities/read", "entities/write", "entities/delete", "entities/add/action", "entities/update/action"),
        ],
    ),
    "storageTableDataReader": ("76199698-9eea-4c19-bc75-cec21354c6b6", ["tables/read", "entities/read"]),
    "storageQueueDataMessageSender": ("c6a89b2d-59bc-44d0-9896-0f6e12d7b80a", ["messages/write"]),
    "storageBlobDataContributor": ("ba92f5b4-2d11-453d-a403-e96b0029c9fe", ["containers/*", "blobs/*"]),
    "acrPull": ("7f951dda-4ed3-4680-a7ca-43fe172d538d", []),
    "monitoringMetricsPublisher": ("3913510d-42f4-4e42-8a64-420c390055eb", []),
}
"""Ids and actions of Azure's built-in roles. Source: Microsoft's list of built-in roles."""

CLIENTS = (BlobServiceClient, ContainerClient, BlobClient, QueueServiceClient, QueueClient, TableServiceClient)
NO_REQUEST = re.compile(r"_.*|close|from_connection_string|from_\w+_url|get_(blob|container|queue|table)_client|url")
"""Members of the clients that send nothing."""


def _full(action: str) -> str:
    kind, _, rest = action.partition("/")
    return f"{SHORT[kind]}/{rest}"


@cache
def _documented() -> dict[str, tuple[list[str], set[str]]]:
    """Each call of docs/infra.md with its actions and who makes it."""
    calls = {}
    for line in (REPOSITORY / "docs/infra.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and set(cells[2].split(", ")) <= {"app", "node"}:
            actions = [_full(action) for action in re.findall(r"`([^`]+)`", cells[1])]
            for call in re.findall(r"`([^`]+)`", cells[0]):
                calls[call] = (actions, set(cells[2].split(", ")))
    return calls


def _client_calls(folder: str) -> set[str]:
    """Names of the SDK's methods that the code of a folder uses, and dotted ones of the compute client."""
    methods = {name for client in (*CLIENTS, TableClient) for name, _ in inspect.getmembers(client, callable)}
    found = set()
    for path in (REPOSITORY / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                name, owner = node.attr, getattr(node.value, "attr", "")
                if owner in {"virtual_machine_scale_sets", "virtual_machines"}:
                    found.add(f"{owner}.{name}")
                elif name in methods and not NO_REQUEST.fullmatch(name):
                    found.add(name)
    return found


def _node_calls() -> set[str]:
    return {
        f"{kind.__name__}.{name}"
        for kind in (Blobs, Queue, Rows)
        for name, _ in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


def test_the_documented_calls_are_those_of_the_code() -> None:
    own = {call.split(".")[1] for call in _node_calls()}
    calls = _client_calls("shared") | (_client_calls("scorer_container") - own) | _node_calls()
    assert calls == _documented().keys()


def test_what_the_node_calls_itself_is_documented_as_the_nodes() -> None:
    own = {call.split(".")[1] for call in _node_calls()}
    by_node = {call for call, (_, who) in _documented().items() if "node" in who}
    assert _client_calls("scorer_container") - own <= by_node
    assert _node_calls() <= by_node


def _granted_to_app() -> list[str]:
    access = file_named("app/storage-access.bicep")
    names = access.variables["appRoles"]
    built_in = [_full(action) for name in names for action in BUILT_IN[name][1]]
    return [*built_in, *_custom("scaler"), *_custom("machineReader")]


def _granted_to_node() -> list[str]:
    tables = [_full(action) for action in BUILT_IN["storageTableDataContributor"][1]]
    return [*_custom("nodeBlobs"), *_custom("nodeQueues"), *tables]


def _custom(symbol: str) -> list[str]:
    properties = resource_named(file_named("app/role-definitions.bicep"), symbol).body["properties"]
    (permission,) = properties["permissions"]
    return [*permission.get("actions", []), *permission.get("dataActions", [])]


def test_everybody_has_the_right_to_what_they_call() -> None:
    granted = {"app": _granted_to_app(), "node": _granted_to_node()}
    for call, (actions, who) in _documented().items():
        for one in who:
            for action in actions:
                assert any(fnmatch(action, pattern) for pattern in granted[one]), f"{one} may not {call}: {action}"


def test_custom_roles_have_no_action_that_nobody_needs() -> None:
    needed = {action for actions, _ in _documented().values() for action in actions}
    alternatives = {  # the service asks for one of several actions, whichever the call's options make it
        _full("blobs/add/action"),
        _full("messages/add/action"),
        _full("messages/read"),
    }
    for symbol in ("scaler", "machineReader", "nodeBlobs", "nodeQueues"):
        assert set(_custom(symbol)) <= needed | alternatives


def test_built_in_roles_are_the_real_ones_by_id() -> None:
    found = {}
    for file in bicep_files():
        for name, value in file.variables.items():
            if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
                found[name] = value
    assert found == {name: identifier for name, (identifier, _) in BUILT_IN.items()}


def _assignments() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in bicep_files():
        for one in file.resources:
            if one.type == "Microsoft.Authorization/roleAssignments":
                yield f"{file}: {one.symbol}", one.body


def test_every_assignment_is_for_an_identity_at_a_scope_of_its_own() -> None:
    everywhere = []
    for name, body in _assignments():
        assert body["properties"]["principalType"] == "ServicePrincipal", name
        if "scope" not in body:
            everywhere.append(name)
    whole_group = ["infra/app/machine-reading.bicep: reading", "infra/app/scaling-rights.bicep: machines"]
    assert everywhere == whole_group, "machines lie in the group, and these two are about machines only"


def test_the_application_may_scale_flexible_scale_sets_as_azure_documents_it() -> None:
    for symbol, actions in OF_FLEXIBLE_SCALE_SETS.items():
        assert set(_custom(symbol)) == actions
    resources = {one.symbol: one.body for one in file_named("app/scaling-rights.bicep").resources}
    parts = {name: one["scope"] for name, one in resources.items() if "partsRoleId" in str(one)}
    assert parts == {
        "joiningSubnet": "subnet",
        "joiningSecurityGroup": "securityGroup",
        "assigningIdentity": "nodeIdentity",
    }
    given = unwrapped(file_named("main.bicep").modules["scalerRights"]["config"])["params"]
    assert given["subnetName"] == "nodes"
    assert "nodeIdentityName: identities.outputs.nodeName\n" in file_named("main.bicep").text
    assert "output nodeName string = node.name\n" in file_named("app/identities.bicep").text


def test_the_smaller_role_stays_an_option() -> None:
    main = file_named("main.bicep")
    assert main.parameters["scalingRights"]["default"] == "documented"
    assert "module scalerRights 'app/scaling-rights.bicep' = if (scalingRights == 'documented') {" in main.text
    assert set(_custom("scaler")) == {
        _full("scaleSets/read"),
        _full("scaleSets/write"),
        _full("scaleSets/delete/action"),
    }


def test_the_nodes_conditions_cover_every_action_of_their_roles() -> None:
    for symbol, file in (("nodeBlobs", "node-blobs.txt"), ("nodeQueues", "node-queues.txt")):
        condition = (INFRA / "conditions" / file).read_text(encoding="utf-8")
        matched = re.findall(r"!\(ActionMatches\{'([^']+)'\}\)", condition)
        properties = resource_named(file_named("app/role-definitions.bicep"), symbol).body["properties"]
        assert matched == properties["permissions"][0]["dataActions"]
        assert condition.count("(") == condition.count(")")


@pytest.mark.parametrize(
    ("container", "allowed"),
    [
        ("azureml-blobstore", True),
        ("batch-jobs", True),
        ("code-0f8fad5b", True),
        ("my-data", True),
        ("app-package", False),
        ("azure-webjobs-secrets", False),
        ("azure-webjobs-hosts", False),
        ("batchendpoints-leases", False),
    ],
)
def test_nodes_reach_containers_of_jobs_and_none_of_the_hosts(container: str, allowed: bool) -> None:
    package = re.search(r"packageContainer = '([^']+)'", file_named("main.bicep").text)
    assert package
    text = (INFRA / "conditions/node-blobs.txt").read_text(encoding="utf-8").replace("{package}", package[1])
    assert _holds(text, container) is allowed


@pytest.mark.parametrize(
    ("queue", "allowed"),
    [
        ("job-nudges", True),
        ("job-0f8fad5b-d9cb", True),
        ("compute-cpu-cluster", True),
        ("job-requests", False),
        ("job-requests-poison", False),
        ("job-notifications", False),
        ("blob-events", False),
        ("batchendpoints-control-00", False),
        ("batchendpoints-workitems", False),
        ("azure-webjobs-poison", False),
    ],
)
def test_nodes_reach_queues_of_jobs_and_none_of_the_hosts(queue: str, allowed: bool) -> None:
    assert _holds((INFRA / "conditions/node-queues.txt").read_text(encoding="utf-8"), queue) is allowed


def _holds(condition: str, name: str) -> bool:
    """Evaluates the clauses about a name: one of those that allow must hold, and all of those that forbid."""
    clauses = re.findall(r"@Resource\[[^\]]+:name\] (\w+) '([^']+)'", condition)
    tests = {
        "StringNotEquals": lambda text: name != text,
        "StringStartsWith": name.startswith,
        "StringNotStartsWith": lambda text: not name.startswith(text),
    }
    forbidding = [tests[operator](text) for operator, text in clauses if operator.startswith("StringNot")]
    allowing = [tests[operator](text) for operator, text in clauses if not operator.startswith("StringNot")]
    return all(forbidding) and (any(allowing) or not allowing)
