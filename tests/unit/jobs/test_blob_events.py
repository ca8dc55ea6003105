"""Which events of Event Grid start a job of a trigger, and how it is named."""

from datetime import UTC, datetime

import pytest

from shared.contracts.automation import BlobTriggerProperties
from shared.contracts.blob_events import BlobCreated, read_event
from shared.contracts.names import JOB_NAME
from shared.errors import ValidationError
from shared.jobs.automation.blob_events import job_name, watches

pytestmark = pytest.mark.unit

ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/Store1"
DATA = {
    "api": "PutBlockList",
    "clientRequestId": "c",
    "requestId": "r",
    "eTag": "0x8D4BCC2E4835CD0",
    "contentType": "text/csv",
    "contentLength": 524288,
    "blobType": "BlockBlob",
    "url": "https://store1.blob.core.windows.net/data/orders/new%20day/a.csv",
    "sequencer": "00000000000004420000000000028963",
    "storageDiagnostics": {"batchId": "b"},
}


def grid_event(blob="orders/new day/a.csv", container="data", kind="Microsoft.Storage.BlobCreated", **data):
    return {
        "topic": ACCOUNT,
        "subject": f"/blobServices/default/containers/{container}/blobs/{blob}",
        "eventType": kind,
        "eventTime": "2026-11-22T15:00:00.9584103Z",
        "id": "831e1650-001e-001b-66ab-eeb76e069631",
        "data": {**DATA, **data},
        "dataVersion": "",
        "metadataVersion": "1",
    }


def cloud_event(**changes):
    event = grid_event()
    members = {"source": "topic", "subject": "subject", "type": "eventType", "time": "eventTime", "id": "id"}
    return {"specversion": "1.0", "data": event["data"], **{k: event[v] for k, v in members.items()}, **changes}


def trigger(folder="orders", *, since="2026-11-22T15:00:00Z", enabled=True, account="store1", **source):
    definition = {"endpoint": "heart", "properties": {}}
    where = {"kind": "blob_folder", "account_url": "https://x", "container": "data", "path": folder}
    return BlobTriggerProperties.model_validate(
        {
            "isEnabled": enabled,
            "trigger": {"triggerType": "BlobCreated", "path": "azureml://datastores/d/paths/orders", **source},
            "action": {"actionType": "InvokeBatchEndpoint", "endpointInvocationDefinition": definition},
            "watched": {"account": account, "folder": where, "since": since},
        }
    )


def created(*words, **data):
    event = read_event(grid_event(*words, **data))
    assert event is not None
    return event


@pytest.mark.parametrize("content", [grid_event(), cloud_event()], ids=["event-grid", "cloud-event"])
def test_both_schemas_tell_the_same(content):
    event = read_event(content)
    assert isinstance(event, BlobCreated)
    assert (event.account, event.container, event.blob) == ("store1", "data", "orders/new day/a.csv")
    assert (event.content, event.time) == ("0x8D4BCC2E4835CD0", datetime(2026, 11, 22, 15, 0, 0, 958410, tzinfo=UTC))


@pytest.mark.parametrize(
    "content",
    [
        grid_event(kind="Microsoft.Storage.BlobDeleted"),
        grid_event(kind="Microsoft.EventGrid.SubscriptionValidationEvent"),
        grid_event(api="CreateFile"),
        grid_event(api="SftpCreate"),
        {"type": "Microsoft.Storage.BlobTierChanged"},
    ],
    ids=lambda content: content.get("eventType", "") + content.get("data", {}).get("api", ""),
)
def test_events_without_a_complete_new_blob_are_ignored(content):
    assert read_event(content) is None


def test_a_file_of_a_data_lake_counts_when_it_is_complete():
    assert created(api="FlushWithClose").blob == "orders/new day/a.csv"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"endpoint": "heart"}, "neither eventType nor type"),
        ({**grid_event(), "subject": "/blobServices/default/containers/data"}, "subject: it names no blob"),
        ({**grid_event(), "topic": "/subscriptions/s"}, "topic: it is not the id of a storage account"),
        ({**grid_event(), "eventTime": "soon"}, "eventTime"),
    ],
)
def test_what_is_no_event_is_refused(content, words):
    with pytest.raises(ValidationError, match=words):
        read_event(content)


@pytest.mark.parametrize(
    ("watching", "blob", "counts"),
    [
        (trigger(), "orders/a.csv", True),
        (trigger(), "orders/deep/down/a.csv", True),
        (trigger(), "orders-old/a.csv", False),
        (trigger(), "orders", False),
        (trigger(), "orders/folder/", False),
        (trigger(""), "anything", True),
        (trigger(""), "azureml/4f1a/score/predictions.csv", False),
        (trigger(""), "LocalUpload/2a/data/a.csv", False),
        (trigger(endsWith=".csv"), "orders/a.csv", True),
        (trigger(endsWith=".csv"), "orders/a.csv.tmp", False),
        (trigger(endsWith="_SUCCESS", jobInputType="UriFolder"), "orders/day/_SUCCESS", True),
        (trigger(enabled=False), "orders/a.csv", False),
        (trigger(account="another"), "orders/a.csv", False),
        # Storage tells times of blobs in whole seconds: the second in which the trigger was made counts.
        (trigger(since="2026-11-22T15:00:00.99Z"), "orders/a.csv", True),
        (trigger(since="2026-11-22T15:00:01Z"), "orders/a.csv", False),
    ],
)
def test_new_blobs_below_the_folder_count(watching, blob, counts):
    assert watches(watching, created(blob)) is counts


def test_blobs_of_other_containers_and_of_the_services_own_do_not_count():
    assert not watches(trigger(), created("orders/a.csv", "other"))
    properties = trigger("")
    internal = properties.watched.folder.model_copy(update={"container": "batch-jobs"})
    watching = properties.model_copy(update={"watched": properties.watched.model_copy(update={"folder": internal})})
    assert not watches(watching, created("4f1a/spec.json", "batch-jobs"))


def test_a_job_is_named_after_trigger_blob_and_content():
    name = job_name("incoming", created())
    assert name == job_name("incoming", created(eTag='"0x8D4BCC2E4835CD0"', sequencer="other"))
    assert name == job_name("incoming", read_event(cloud_event(id="another")))
    others = [created("orders/b.csv"), created(container="more"), created(eTag="0x8D4BCC2E4835CD1")]
    assert len({name, *(job_name("incoming", other) for other in others), job_name("else", created())}) == 5
    assert JOB_NAME.check(job_name("t" * 80, created()))


def test_without_an_etag_the_sequencer_distinguishes_contents():
    assert created(eTag="").content == DATA["sequencer"]
    assert created(eTag="", sequencer="").content == "831e1650-001e-001b-66ab-eeb76e069631"
