import pytest

from local.functions_host.app.errors import FunctionLoadError
from local.functions_host.app.functions import Binding, FunctionRecord
from local.functions_host.app.routes import Route

pytestmark = pytest.mark.unit


def route(text: str, prefix: str = "") -> Route:
    trigger = Binding("req", "httpTrigger", "IN", {"route": text})
    return Route.of(FunctionRecord("f", (trigger,), trigger), prefix)


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("health", "/health", {}),
        ("health", "/HEALTH/", {}),
        ("health", "/health/x", None),
        ("health", "/health//", None),
        ("health", "/", None),
        ("a/b", "/a/b", {}),
        ("a/b", "/a", None),
        ("files/{*rest}", "/files/a/b", {"rest": "a/b"}),
        ("files/{*rest}", "/files/a/b/", {"rest": "a/b/"}),
        ("files/{*rest}", "/Files", {}),
        ("files/{*rest}", "/filesystem", None),
        ("{*rest}", "/", {}),
        ("/{*rest}", "/a/b/", {"rest": "a/b/"}),
    ],
)
def test_route_matches_as_in_asp_net(template, path, values):
    assert route(template).match(path) == values


def test_route_is_below_the_prefix():
    assert route("files/{*rest}", "api").match("/api/files/a") == {"rest": "a"}


@pytest.mark.parametrize(
    "template",
    ["a//b", "jobs/{id}", "{*a}/b", "{a?}", "{id:int}", "x{*a}", "{*a", "a}", "{}", "{*}", "{**a}", "a b"],
)
def test_route_of_any_other_form_is_refused_by_name(template):
    with pytest.raises(FunctionLoadError, match="is not supported by the local host; write literal segments") as error:
        route(template)
    assert f"its route `{template}`" in str(error.value)
