import pytest
import urllib3

from cli.connection.pool import connection_pool, reason

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY", "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "inside.example")


def test_a_deployed_service_is_reached_through_the_proxy() -> None:
    pool = connection_pool("https://service.example/x")
    assert isinstance(pool, urllib3.ProxyManager)
    assert pool.proxy
    assert pool.proxy.host == "proxy.example"


@pytest.mark.parametrize("url", ["http://127.0.0.1:7071", "http://localhost:1", "https://inside.example/x"])
def test_this_machine_and_exceptions_are_reached_directly(url: str) -> None:
    assert not isinstance(connection_pool(url), urllib3.ProxyManager)


def test_a_refused_connection_is_called_so() -> None:
    with pytest.raises(urllib3.exceptions.HTTPError) as caught:
        connection_pool("http://127.0.0.1:9").request("GET", "http://127.0.0.1:9", retries=1)
    assert reason(caught.value) == "connection refused"
