"""Blob triggers in the management API."""

from typing import Any

import pytest

from tests.integration.control_plane.management_api import ManagementApi, message_of

pytestmark = pytest.mark.integration


def body(**changes: Any) -> dict[str, Any]:
    """The properties of a trigger that is stopped, so that nothing that it names has to be there."""
    definition = {"endpoint": "heart", "properties": {"miniBatchSize": 5}}
    return {
        "isEnabled": False,
        "trigger": {
            "triggerType": "BlobCreated",
            "path": "azureml://datastores/workspaceblobstore/paths/orders",
            "endsWith": "_SUCCESS",
            "jobInputType": "UriFolder",
        },
        "action": {"actionType": "InvokeBatchEndpoint", "endpointInvocationDefinition": definition},
        **changes,
    }


def test_a_trigger_is_made_shown_changed_listed_and_deleted(api: ManagementApi) -> None:
    made = api.put("blobTriggers/Incoming", body())
    assert made.status_code == 201
    properties = made.json()["properties"]
    status = properties.pop("status")
    assert status == {"since": status["since"], "jobsStarted": 0, "problems": 0}
    expected = body(tags={}, properties={}, provisioningState="Succeeded")
    assert properties == expected
    again = api.put("blobTriggers/incoming", api.get("blobTriggers/incoming").json()["properties"])
    assert (again.status_code, again.json()["name"]) == (200, "Incoming")
    assert [one["name"] for one in api.get("blobTriggers").json()["value"]] == ["Incoming"]
    assert api.delete("blobTriggers/incoming").status_code == 200
    assert api.delete("blobTriggers/incoming").status_code == 204
    assert "blob trigger 'incoming' not found" in message_of(api.get("blobTriggers/incoming"), 404)


def test_what_is_wrong_is_named(api: ManagementApi) -> None:
    wrong = body()["trigger"] | {"jobInputType": "MLTable"}
    assert "properties.trigger.jobInputType" in message_of(api.put("blobTriggers/incoming", body(trigger=wrong)), 400)
    for ending in ("_SUCCESS/", "a.", "a\\b", "a\u0007", "x" * 1_024):
        endless = body()["trigger"] | {"endsWith": ending}
        said = message_of(api.put("blobTriggers/incoming", body(trigger=endless)), 400)
        assert "properties.trigger.endsWith is not valid, as no blob's name ends like this" in said
    assert "trigger name" in message_of(api.put("blobTriggers/-x", body()), 400)
    assert "batch endpoint 'heart' not found" in message_of(api.put("blobTriggers/x", body(isEnabled=True)), 404)
