"""Every route of every root asks for a token and an action; the apps are those of the Function App."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from fastapi import FastAPI
from starlette.routing import Route
from starlette.testclient import TestClient

from shared.compute.scale_sets import LocalScaleSets
from shared.control_plane.workspace import Workspace
from shared.security.tokens import SigningKeys, TokenVerifier
from shared.settings import Settings
from shared.storage.account import StorageAccount
from shared.triggers.http import functions as http
from shared.triggers.http.framework.authorization import authorizer
from shared.triggers.http.framework.route_actions import ROUTE_ACTIONS, WITHOUT_TOKEN, WORKSPACE
from shared.triggers.wiring import build
from tests.integration.workspace_settings import SETTINGS
from tests.signed_tokens import AUDIENCE, ISSUER, SigningKey, key_server

pytestmark = pytest.mark.unit

KEY = SigningKey("key-1")
ASSIGNED = """[{"principalId": "reader", "role": "Reader"},
               {"principalId": "robot", "role": "Batch Endpoint Invoker", "endpoint": "heart"}]"""
VERSION = "api-version=2023-10-01"


@pytest.fixture(scope="module")
def apps() -> Iterator[dict[str, FastAPI]]:
    """The apps over an application without storage: who is not let pass asks for none."""
    settings: Settings = replace(SETTINGS, role_assignments=ASSIGNED)
    storage = StorageAccount(connection_string="UseDevelopmentStorage=true")
    application = build(Workspace(settings, storage), LocalScaleSets("http://127.0.0.1:9", "key"))
    with pytest.MonkeyPatch.context() as patch, key_server(KEY) as keys:
        verifier = TokenVerifier(ISSUER, (AUDIENCE,), SigningKeys(keys.url))
        patch.setattr(http, "application", lambda: application)
        patch.setattr(
            http, "_authorize", cache(lambda: authorizer(settings, verifier, application.access, application.jobs))
        )
        yield {name: make() for name, (_, make) in http.APPS.items()}


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Methods and paths, those of included routers too, whether the OpenAPI document shows them or not."""
    for entry in app.routes:
        for route in getattr(getattr(entry, "original_router", None), "routes", [entry]):
            assert isinstance(route, Route), f"{route} is no plain route: admission does not know it"
            yield from ((method, route.path) for method in (route.methods or ()) if method != "HEAD")


def test_every_route_has_an_action_or_a_reason_to_need_none(apps: dict[str, FastAPI]) -> None:
    found = {f"{method} {path.replace(WORKSPACE, '~')}" for app in apps.values() for method, path in routes(app)}
    assert found == ROUTE_ACTIONS.keys() | WITHOUT_TOKEN


def test_every_route_with_an_action_refuses_who_brings_no_token_and_who_has_no_role(
    apps: dict[str, FastAPI],
) -> None:
    nobody = {"Authorization": f"Bearer {KEY.token(roles=['Unknown'])}"}
    for app in apps.values():
        client = TestClient(app)
        for method, path in routes(app):
            key = f"{method} {path.replace(WORKSPACE, '~')}"
            if key not in WITHOUT_TOKEN:
                url = re.sub(r"\{\w+\}", "x", path.replace(WORKSPACE, SETTINGS.workspace_id))
                assert client.request(method, url).status_code == 401, key
                answer = client.request(method, url, headers=nobody)
                assert answer.status_code == 403, key
                assert f"'{ROUTE_ACTIONS[key]}'" in answer.json()["error"]["message"]


def test_the_openapi_document_says_which_routes_need_a_token(apps: dict[str, FastAPI]) -> None:
    for app in apps.values():
        if app.openapi_url:
            for path, operations in app.openapi()["paths"].items():
                for method, operation in operations.items():
                    key = f"{method.upper()} {path.replace(WORKSPACE, '~')}"
                    assert ("security" in operation) == (key not in WITHOUT_TOKEN), key


def ask(app: FastAPI, method: str, path: str, **claims: object) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {KEY.token(**{'roles': None} | claims)}"}
    answer = TestClient(app).request(method, f"{path}?{VERSION}", headers=headers)
    return answer.status_code, answer.json().get("error", {}).get("message", "")


def test_a_role_from_the_token_or_from_the_settings_opens_the_workspace(apps: dict[str, FastAPI]) -> None:
    app, workspace = apps["management"], SETTINGS.workspace_id
    assert ask(app, "GET", workspace, roles=["Owner"]) == (200, "")
    assert ask(app, "GET", workspace, oid="READER") == (200, "")
    assert ask(app, "GET", workspace)[0] == 403


@pytest.mark.parametrize(
    ("root", "method", "path", "scope"),
    [
        ("management", "PUT", "~/batchEndpoints/heart/deployments/v1", "~/batchEndpoints/heart/deployments/v1"),
        ("management", "GET", "~/batchEndpoints", "~"),
        ("management", "POST", "~/computes/cpu/listNodes", "~/computes/cpu"),
        ("management", "PUT", "~/models/m/versions/2", "~/models/m/versions/2"),
        ("scoring", "POST", "/endpoints/lung/jobs", "~/batchEndpoints/lung"),
        ("frontend", "GET", "/mferp/managementfrontend~/batchEndpoints/lung/jobs", "~/batchEndpoints/lung"),
    ],
)
def test_a_refusal_names_the_resource(apps: dict[str, FastAPI], root: str, method: str, path: str, scope: str) -> None:
    status, message = ask(apps[root], method, path.replace("~", SETTINGS.workspace_id), oid="robot")
    assert status == 403
    assert f"over scope '{scope.replace('~', SETTINGS.workspace_id)}'" in message


def test_the_caller_of_one_endpoint_may_call_it(apps: dict[str, FastAPI]) -> None:
    # Its body is missing, which nobody is told who may not call the endpoint.
    assert ask(apps["scoring"], "POST", "/endpoints/Heart/jobs", oid="robot")[0] == 400
