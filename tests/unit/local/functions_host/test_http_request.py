import pytest

from local.functions_host.listeners.http_messages import decode_path, encode_path, query_values, split_target

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [("/a?b=1?c", "/a", "b=1?c"), ("/a", "/a", ""), ("http://host:1/a/b?c", "/a/b", "c"), ("http://host", "/", "")],
)
def test_target_is_split_at_the_first_question_mark(target, path, query):
    assert split_target(target) == (path, query)


@pytest.mark.parametrize(
    ("raw", "decoded"),
    [
        ("/a%20b", "/a b"),
        ("/a%2Fb", "/a%2Fb"),
        ("/a%2fb", "/a%2Fb"),
        ("/a/../b", "/b"),
        ("/a/%2e%2e/b/", "/b/"),
        ("/../../b", "/b"),
        ("/a/./b/.", "/a/b/"),
        ("/.well-known", "/.well-known"),
        ("/gr%C3%BC%C3%9F", "/grüß"),
    ],
)
def test_path_is_decoded_but_for_slashes(raw, decoded):
    assert decode_path(raw) == decoded


def test_path_is_encoded_again_for_the_url():
    assert encode_path("/a b/grüß%2Fx") == "/a%20b/gr%C3%BC%C3%9F%2Fx"


def test_query_is_decoded_and_joined():
    assert query_values("a=1&A=2&b=x+y%26&c=") == {"a": "1,2", "b": "x y&"}
