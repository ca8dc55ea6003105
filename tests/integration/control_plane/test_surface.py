"""What all routes of the management API have in common."""

import json
import time

import azure.functions as func
import pytest
from starlette.routing import Route

from tests.integration.control_plane.management_api import ManagementApi, message_of

pytestmark = pytest.mark.integration


def test_a_request_without_a_token_is_refused_with_the_way_to_authenticate(api: ManagementApi) -> None:
    answer = api.http.get(f"{api.workspace_id}/computes?api-version=2023-10-01")
    assert "Bearer" in message_of(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_every_route_needs_a_token(api: ManagementApi) -> None:
    spec = api.http.get("/subscriptions/openapi.json").json()
    checked = 0
    for path, operations in spec["paths"].items():
        for method in operations:
            answer = api.http.request(method.upper(), path.replace("{", "").replace("}", ""))
            assert answer.status_code == 401, f"{method} {path} answered {answer.status_code}"
            checked += 1
    assert checked >= 37


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "https://storage.azure.com"}, "Audiences in JWT are not allowed"),
        ({"exp": int(time.time()) - 600}, "expired"),
        ({"iss": "https://elsewhere.example"}, "https://issuer.example/tenant"),
    ],
)
def test_a_token_that_does_not_fit_is_refused_with_the_reason(
    api: ManagementApi, claims: dict[str, object], reason: str
) -> None:
    answer = api.request("GET", "computes", headers={"Authorization": f"Bearer {api.key.token(**claims)}"})
    assert reason in message_of(answer, 401)


def test_the_workspace_says_where_its_discovery_is(api: ManagementApi) -> None:
    answer = api.get("")
    assert answer.status_code == 200
    assert answer.json()["properties"]["discoveryUrl"].startswith("http://public.example/")
    assert answer.json()["location"] == "local"


def test_fixed_parts_of_a_path_match_in_any_case_and_names_keep_theirs(api: ManagementApi) -> None:
    api.put("computes/Versions", {})
    path = f"{api.workspace_id}/computes/Versions".replace("resourceGroups", "resourcegroups").replace("Mic", "mic")
    assert api.get(path + "/").json()["name"] == "Versions"


@pytest.mark.parametrize("part", ["sub-1", "rg-1", "ws-1"])
def test_another_workspace_is_not_found_by_name(api: ManagementApi, part: str) -> None:
    answer = api.get(f"{api.workspace_id}/computes".replace(part, "other"))
    assert "'other'" in message_of(answer, 404)
    assert answer.json()["error"]["code"] == "ResourceNotFound"


@pytest.mark.parametrize(
    ("version", "status"), [("2024-01-01-preview", 200), ("2020-09-01-dataplanepreview", 200), ("v1", 400), ("", 400)]
)
def test_any_well_formed_api_version_is_served(api: ManagementApi, version: str, status: int) -> None:
    answer = api.request("GET", "computes", params={"api-version": version})
    assert answer.status_code == status
    if status == 400:
        assert "api-version" in message_of(answer, 400)


def test_an_unknown_path_and_a_wrong_method_are_answered_in_the_envelope(api: ManagementApi) -> None:
    assert "gateways" in message_of(api.get("gateways"), 404)
    assert "DELETE" in message_of(api.delete(""), 405)


def test_a_body_that_is_not_json_is_refused_with_the_place(api: ManagementApi) -> None:
    answer = api.request(
        "PUT", "computes/cpu", content=b'{"properties": ', headers={"Content-Type": "application/json"}
    )
    assert "not valid JSON" in message_of(answer, 400)


async def test_the_app_answers_through_the_functions_middleware(api: ManagementApi) -> None:
    def request(**headers: str) -> func.HttpRequest:
        url = f"http://public.example{api.workspace_id}/computes?api-version=2023-10-01"
        return func.HttpRequest("GET", url, headers=headers, params={}, route_params={}, body=b"")

    middleware = func.AsgiMiddleware(api.http.app)
    refused = await middleware.handle_async(request())
    assert (refused.status_code, refused.headers["www-authenticate"][:6]) == (401, "Bearer")
    answer = await middleware.handle_async(request(Authorization=f"Bearer {api.key.token()}"))
    assert answer.status_code == 200
    assert json.loads(answer.get_body()) == {"value": [], "nextLink": None}


def test_an_unexpected_error_is_answered_in_the_envelope(api: ManagementApi) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("a secret")

    app = api.http.app
    app.router.routes.append(Route("/subscriptions/broken", broken))
    assert "secret" not in message_of(api.http.get("/subscriptions/broken"), 500)
