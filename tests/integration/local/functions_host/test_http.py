from concurrent.futures import ThreadPoolExecutor

import pytest

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def web(start_host):
    return start_host("web", **{"AzureWebJobs.disabled.Disabled": "1"})


def test_route_is_below_the_prefix(web):
    assert web.get("/api/only-get").body == b"got"
    assert web.get("/only-get").status == 404


def test_literals_ignore_case(web):
    assert web.get("/API/Only-Get").status == 200


def test_wrong_method_is_404_and_not_405(web):
    assert web.send("POST", "/api/only-get").status == 404


def test_head_is_not_served_by_a_get_function(web):
    assert web.send("HEAD", "/api/only-get").status == 404


def test_function_without_methods_takes_every_method(web):
    assert web.send("PATCH", "/api/echo/x").json()["method"] == "PATCH"
    assert web.send("HEAD", "/api/echo/x").status == 200


def test_functions_are_tried_in_the_order_of_their_names_ignoring_case(web):
    assert web.get("/api/shared").body == b"A_first"


def test_exception_is_500_with_an_empty_body(web):
    answer = web.get("/api/fails")
    assert (answer.status, answer.body) == (500, b"")


def test_exception_is_logged_with_its_text(web):
    web.get("/api/fails")
    assert "ValueError: secret detail" in web.log.read_text()


def test_function_that_exits_ends_only_its_own_call(web):
    assert web.get("/api/exits").status == 500
    assert web.get("/api/only-get").status == 200


def test_async_function_that_blocks_its_loop_does_not_block_the_host(web):
    with ThreadPoolExecutor(1) as caller:
        blocked = caller.submit(web.get, "/api/blocks/gate")
        web.wait_for_calls("blocks", 1)
        assert web.get("/admin/host/ping").status == 200
        (web.folder / "notes" / "gate").touch()
        assert blocked.result().body == b"unblocked"


def test_a_result_that_is_not_a_response_is_500(web):
    assert web.get("/api/none").status == 500
    assert web.get("/api/text").status == 500
    assert "returned no azure.functions.HttpResponse" in web.log.read_text()


def test_disabled_function_is_404(web):
    assert web.get("/api/disabled").status == 404


def test_query_keys_with_an_empty_value_are_dropped(web):
    assert web.get("/api/echo/x?a=&b=1&c").json()["params"] == {"b": "1"}


def test_repeated_query_keys_are_joined_by_a_comma_ignoring_case(web):
    assert web.get("/api/echo/x?a=1&b=2&A=3").json()["params"] == {"a": "1,3", "b": "2"}


def test_query_stays_whole_in_the_url(web):
    assert web.get("/api/echo/x?a=&b=%20c").json()["url"] == f"http://127.0.0.1:{web.port}/api/echo/x?a=&b=%20c"


def test_header_names_are_lower_case_and_repeated_ones_joined(web):
    headers = web.get("/api/echo/x", [("X-Thing", "1"), ("x-thing", "2")]).json()["headers"]
    assert headers["x-thing"] == "1,2"


def test_catch_all_holds_the_rest_of_the_path(web):
    assert web.get("/api/echo/a/b%20c/d").json()["route"] == {"rest": "a/b c/d"}


def test_optional_rest_that_is_missing_is_no_route_value(web):
    assert web.get("/api/echo").json()["route"] == {}


def test_encoded_slash_stays_encoded_in_the_path(web):
    echoed = web.get("/api/echo/a%2Fb").json()
    assert echoed["route"] == {"rest": "a%2Fb"}
    assert echoed["url"].endswith("/api/echo/a%2Fb")


def test_dot_segments_cannot_reach_another_route(web):
    assert web.get("/api/echo/../only-get").body == b"got"


def test_body_arrives_as_bytes(web):
    body = bytes(range(256))
    assert web.send("POST", "/api/echo/x", body).json()["body"].encode("latin-1") == body


def test_packed_body_arrives_as_it_was_sent(web):
    packed = b"\x1f\x8b\x08\x00broken"
    answer = web.send("POST", "/api/echo/x", packed, headers=[("Content-Encoding", "gzip")])
    assert answer.json()["body"].encode("latin-1") == packed


def test_chunked_body_without_a_length_arrives_empty(web):
    assert web.send("POST", "/api/echo/x", [b"abc"], chunked=True).json()["body"] == ""


def test_body_above_the_limit_is_413(web):
    answer = web.send("POST", "/api/echo/x", headers=[("Content-Length", "104857601")])
    assert answer.status == 413


def test_each_cookie_is_a_header_of_its_own(web):
    answer = web.get("/api/cookies")
    assert answer.status == 201
    assert answer.header("X-Made") == "yes"
    assert [value for name, value in answer.headers if name == "Set-Cookie"] == ["a=1", "b=1"]


def test_context_names_function_and_directory_and_invocation(web, apps_folder):
    first, second = (web.get("/api/context").json() for _ in range(2))
    assert first["function"] == "with_context"
    assert first["directory"] == str(apps_folder / "web")
    assert first["id"] != second["id"]


def test_fastapi_behind_a_catch_all_sees_the_full_path(web):
    assert web.get("/api/fast/a/b?q=2").json() == {"name": "a/b", "q": 2}


def test_fastapi_validates_behind_a_catch_all(web):
    assert web.get("/api/fast/a?q=x").status == 422


@pytest.mark.parametrize(
    "headers",
    [
        [("Host", "rebound.example")],
        [("Host", "127.0.0.1.rebound.example")],
        [("Host", "127.0.0.1"), ("Host", "rebound.example")],
        [("Origin", "https://elsewhere.example")],
        [("Origin", "null")],
        [("Origin", "http://127.0.0.1:1")],
    ],
)
def test_a_request_that_a_web_page_of_others_made_is_refused(web, headers):
    answer = web.send("POST", "/api/echo/x", b"{}", [("Content-Type", "text/plain"), *headers])
    assert answer.status in {400, 403}


def test_a_page_of_its_own_and_a_reader_elsewhere_are_served(web):
    own = [("Origin", f"http://127.0.0.1:{web.port}")]
    assert web.send("POST", "/api/echo/x", b"{}", own).status == 200
    assert web.get("/api/echo/x", [("Origin", "https://elsewhere.example")]).status == 200


def test_nothing_but_the_ping_is_there_below_the_host_s_own_paths(web):
    assert web.get("/admin/host/ping").status == 200
    for path in ("/admin/host/status", "/admin/functions/echo", "/runtime/webhooks/durabletask/instances"):
        assert web.send("POST", path, b"{}").status == 404
