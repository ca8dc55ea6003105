"""Every container, queue and table that the code uses is made: by the deployment, or by the code where it may."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.contracts import messages
from shared.contracts.automation import SILENT_CONTAINERS, SILENT_FOLDERS
from shared.contracts.blob_events import BLOB_CREATED, UNFINISHED_APIS
from shared.control_plane.workspace import Workspace
from shared.storage.blobs import CODE_CONTAINER_PREFIX, DEFAULT_DATASTORE_CONTAINER, JOBS_CONTAINER
from tests.unit.infra.bicep_files import REPOSITORY, file_named, resource_named

pytestmark = pytest.mark.unit

OWN_NAMES = {"job-": "task queues", "compute-": "ticket queues"}
"""Queues whose names are made at run time, by the application, which may make queues."""


def declared_objects(kind: str) -> set[str]:
    """Names of the containers, queues or tables that the deployment makes."""
    names = file_named("app/storage.bicep").variables[kind]
    assert len(names) == len(set(names)), "Azure refuses a template that names a resource twice"
    return set(names)


def _tables_of_the_code() -> set[str]:
    kinds = {Workspace.__dataclass_fields__["table"].default}
    return kinds | _tables_of_folder("shared") | _tables_of_folder("scorer_container")


def _tables_of_folder(folder: str) -> set[str]:
    return {table for path in (REPOSITORY / folder).rglob("*.py") for table in _tables_of(path.read_text("utf-8"))}


def _tables_of(source: str) -> set[str]:
    """The names given to `RowTable(service, name, document)`, and to `account.rows(name, document)` in the node."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    names = [call.args[1] for call in calls if getattr(call.func, "id", "") == "RowTable" and len(call.args) == 3]
    names += [call.args[0] for call in calls if getattr(call.func, "attr", "") == "rows" and len(call.args) == 2]
    return {str(name.value) for name in names if isinstance(name, ast.Constant)}


def test_every_table_is_made_by_the_deployment() -> None:
    assert declared_objects("tables") == _tables_of_the_code()


def test_every_queue_of_a_trigger_is_made_by_the_deployment() -> None:
    triggers = {name for path in (REPOSITORY / "shared/triggers").rglob("*.py") for name in _triggers(path)}
    named = {value for name, value in vars(messages).items() if name.isupper() and isinstance(value, str)}
    assert triggers <= declared_objects("queues") <= named


def _triggers(path: Path) -> Iterator[str]:
    """The queues of the triggers in a file, whose names are constants of the messages' module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "queue_trigger":
            (name,) = [keyword.value for keyword in node.keywords if keyword.arg == "queue_name"]
            assert isinstance(name, ast.Name)
            yield getattr(messages, name.id)


def test_every_container_with_a_fixed_name_is_made_by_the_deployment() -> None:
    assert {DEFAULT_DATASTORE_CONTAINER, JOBS_CONTAINER} == declared_objects("containers") - {"packageContainer"}
    assert CODE_CONTAINER_PREFIX == "code-", "made by the application for each upload"


def test_the_task_hub_is_what_nodes_are_kept_from() -> None:
    hub = json.loads((REPOSITORY / "host.json").read_text(encoding="utf-8"))["extensions"]["durableTask"]["hubName"]
    condition = (REPOSITORY / "infra/conditions/node-blobs.txt").read_text(encoding="utf-8")
    assert f"StringNotStartsWith '{hub}-'" in condition
    assert not any(hub.startswith(prefix) for prefix in OWN_NAMES)


def test_nodes_may_use_the_tables_that_they_write() -> None:
    written = _tables_of_folder("scorer_container")
    assert set(file_named("app/storage-access.bicep").variables["nodeTables"]) == written


def test_event_grid_tells_of_the_blobs_that_triggers_may_watch_and_puts_them_on_the_queue_of_the_code() -> None:
    file = file_named("app/blob-events.bicep")
    properties = resource_named(file, "newBlobs").body["properties"]
    silent, unfinished = properties["filter"]["advancedFilters"]
    containers = [f"/blobServices/default/containers/{name}" for name in SILENT_CONTAINERS]
    folders = [f"/blobServices/default/containers/{DEFAULT_DATASTORE_CONTAINER}/blobs/{one}/" for one in SILENT_FOLDERS]
    assert file.variables["silentSubjects"] == [*containers, *folders]
    assert (silent["operatorType"], silent["key"]) == ("StringNotBeginsWith", "Subject")
    assert (unfinished["operatorType"], unfinished["values"]) == ("StringNotIn", list(UNFINISHED_APIS))
    assert properties["filter"]["includedEventTypes"] == [BLOB_CREATED]
    assert file_named("main.bicep").variables["blobEventsQueue"] == messages.BLOB_EVENTS
    dead_letters = resource_named(file_named("app/blob-topic.bicep"), "deadLetters")
    assert dead_letters.body["name"].startswith(SILENT_CONTAINERS)


def test_event_grid_delivers_as_an_identity_that_may_only_send_and_set_aside() -> None:
    properties = resource_named(file_named("app/blob-events.bicep"), "newBlobs").body["properties"]
    for way in ("deliveryWithResourceIdentity", "deadLetterWithResourceIdentity"):
        assert properties[way]["identity"] == {"type": "SystemAssigned"}
    assert {"destination", "deadLetterDestination"}.isdisjoint(properties)
    rights = file_named("app/blob-topic-rights.bicep").resources
    scopes = {one.symbol: one.body["scope"] for one in rights if "principalId" in str(one.body)}
    assert scopes == {"sending": "queue", "settingAside": "deadLetters"}
