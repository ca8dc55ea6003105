"""On a laptop a watcher tells of new blobs as Event Grid does."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.blob_events.watcher import Memory, Watcher
from shared.contracts.automation import BlobTriggerProperties
from shared.contracts.blob_events import read_event
from shared.contracts.messages import BLOB_EVENTS
from shared.control_plane.resource_table import Resource
from shared.control_plane.workspace import Workspace
from shared.storage.account import StorageAccount
from shared.storage.blobs import ensure_container
from shared.storage.queues import ensure_queue
from tests.integration.workspace_settings import SETTINGS

pytestmark = pytest.mark.integration

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Watching:
    """A trigger that watches the folder `in` of a container, and what the watcher tells of it."""

    account: StorageAccount
    container: str
    trigger: str
    file: Path

    def save(self, since: datetime = LONG_AGO, *, enabled: bool = True, account_url: str = "") -> None:
        definition = {"endpoint": "heart", "properties": {}}
        place = {"account_url": account_url or self.account.blob_url, "container": self.container, "path": "in"}
        folder = {"kind": "blob_folder", **place}
        properties = {
            "isEnabled": enabled,
            "trigger": {"triggerType": "BlobCreated", "path": "azureml://datastores/d/paths/in"},
            "action": {"actionType": "InvokeBatchEndpoint", "endpointInvocationDefinition": definition},
            "watched": {"account": self.account.account_name, "folder": folder, "since": since},
        }
        table = Workspace(SETTINGS, self.account).blob_triggers
        resource = Resource(
            names=(self.trigger,),
            properties=BlobTriggerProperties.model_validate(properties),
            created=LONG_AGO,
            modified=LONG_AGO,
        )
        table.update((self.trigger,), lambda _: resource)

    def forget(self) -> None:
        table = Workspace(SETTINGS, self.account).blob_triggers
        if row := table.find(self.trigger):
            table.delete(row)

    def upload(self, name: str, text: str) -> datetime:
        client = ensure_container(self.account.blobs, self.container).get_blob_client(name)
        client.upload_blob(text, overwrite=True)
        return client.get_blob_properties().last_modified

    def look(self) -> list[dict[str, Any]]:
        """What a watcher tells that starts now; only the file is kept from one to the next."""
        memory = Memory(self.file)
        Watcher(self.account, memory, "/subscriptions/s/storageAccounts").look()
        memory.close()
        queue = ensure_queue(self.account.queues, BLOB_EVENTS)
        messages = list(queue.receive_messages(visibility_timeout=60))
        mine = [message for message in messages if f"/containers/{self.container}/" in message.content]
        for message in mine:
            queue.delete_message(message)
        return [json.loads(message.content) for message in mine]


@pytest.fixture
def watching(connection_string: str, unique_name: Callable[[str], str], tmp_path: Path) -> Iterator[Watching]:
    account = StorageAccount(connection_string=connection_string)
    made = Watching(account, unique_name("watched"), unique_name("trigger"), tmp_path / "seen.db")
    yield made
    made.forget()


def test_each_content_of_a_blob_has_one_event_even_after_a_restart(watching: Watching) -> None:
    watching.save()
    assert watching.look() == []  # there is no container yet
    watching.upload("in/deep/my file.csv", "1")
    watching.upload("out/b.csv", "1")
    (event,) = watching.look()
    captured = read_event(event)
    assert captured is not None
    assert (captured.account, captured.container, captured.blob) == (
        "devstoreaccount1",
        watching.container,
        "in/deep/my file.csv",
    )
    assert watching.look() == []
    watching.upload("in/deep/my file.csv", "22")
    (changed,) = watching.look()
    assert changed["id"] != event["id"]
    assert changed["data"]["contentLength"] == 2


def test_blobs_from_before_the_trigger_have_no_event(watching: Watching, eventually: Callable[..., None]) -> None:
    since = watching.upload("in/old.csv", "1") + timedelta(seconds=1)
    watching.save(since)
    assert watching.look() == []
    eventually(lambda: datetime.now(UTC) > since, what="the next second")
    watching.upload("in/new.csv", "1")
    assert [event["subject"][-7:] for event in watching.look()] == ["new.csv"]


def test_an_account_that_does_not_answer_keeps_no_other_waiting(watching: Watching) -> None:
    away = dataclasses.replace(watching, container="away", trigger=f"a-{watching.trigger}")
    away.save(account_url="http://127.0.0.1:9/away")
    try:
        watching.save()
        watching.upload("in/a.csv", "1")
        assert len(watching.look()) == 1
    finally:
        away.forget()


def test_a_disabled_trigger_watches_nothing(watching: Watching) -> None:
    watching.save(enabled=False)
    watching.upload("in/a.csv", "1")
    assert watching.look() == []


def test_an_append_blob_has_its_event_when_it_is_made(watching: Watching) -> None:
    watching.save()
    log = ensure_container(watching.account.blobs, watching.container).get_blob_client("in/log.txt")
    log.create_append_blob()
    assert len(watching.look()) == 1
    log.append_block(b"line\n")
    assert watching.look() == []
