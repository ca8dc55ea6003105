"""A client can be generated from the document of each surface."""

import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from shared.triggers.http.discovery import discovery_app, metadata_app
from shared.triggers.http.history import datasets_app, history_app
from shared.triggers.http.management.app import management_app
from shared.triggers.http.scoring import job_lists_app, scoring_app
from tests.integration.data_plane.generated_client import GeneratedClient, operations, references

pytestmark = pytest.mark.integration

WITH_CALLERS = {
    "subscriptions": management_app,
    "endpoints": scoring_app,
    "history": history_app,
    "data": datasets_app,
    "mferp": job_lists_app,
}
APPS = {**WITH_CALLERS, "discovery": discovery_app, "metadata": metadata_app}


@pytest.mark.parametrize("root", APPS)
def test_the_document_is_complete_and_readable(serve: Callable[..., TestClient], root: str) -> None:
    client = serve(APPS[root], with_callers=root in WITH_CALLERS)
    document = client.get(f"/{root}/openapi.json").json()
    found = list(operations(document))
    assert len({operation.id for operation in found}) == len(found) > 0
    schemas = document.get("components", {}).get("schemas", {})
    assert {reference.rsplit("/", 1)[-1] for reference in references(document)} <= schemas.keys()
    page = client.get(f"/{root}/docs").text
    for operation in found:
        named = {one["name"] for one in operation.parameters if one["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)}", operation.path)), operation.id
        assert operation.path in page
    assert re.findall(r'(?:src|href)="([^"]*)"', page) == [f"/{root}/openapi.json"]  # nothing from elsewhere


def test_a_generated_client_lives_through_an_endpoint(serve: Callable[..., TestClient], endpoint: str) -> None:
    http = serve(management_app)
    generated = GeneratedClient(http, http.get("/subscriptions/openapi.json").json())
    place = {"subscription": "s", "resource_group": "g", "workspace": "w", "api_version": "2023-10-01"}

    def call(method: str, suffix: str, **more: object) -> object:
        (operation,) = (
            one.id for one in generated.operations.values() if one.method == method and one.path.endswith(suffix)
        )
        return generated.call(operation, **place, **more)

    item, name = "/batchEndpoints/{endpoint}", f"{endpoint}-new"
    made = call("PUT", item, endpoint=name, body={"properties": {"description": "made"}})
    assert made.status_code == 201
    assert call("GET", item, endpoint=name).json()["properties"]["description"] == "made"
    assert len(call("GET", "/batchEndpoints", top=1).json()["value"]) == 1
    assert call("DELETE", item, endpoint=name).status_code == 200
    assert call("GET", item, endpoint=name).status_code == 404
