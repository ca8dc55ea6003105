import pytest

from local.functions_host.app.route_template import RouteTemplate

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("jobs/{id}", "/jobs/7", {"id": "7"}),
        ("jobs/{id}", "/JOBS/7/", {"id": "7"}),
        ("jobs/{id}", "/jobs", None),
        ("jobs/{id}", "/jobs/7/8", None),
        ("jobs/{id}", "/jobs//", None),
        ("jobs/{id?}", "/jobs", {}),
        ("jobs/{id=new}", "/jobs", {"id": "new"}),
        ("{a}/{b=x}/{c?}", "/1", {"a": "1", "b": "x"}),
        ("files/{*rest}", "/files/a/b", {"rest": "a/b"}),
        ("files/{*rest}", "/files", {}),
        ("{*rest}", "/", {}),
        ("/{*rest}", "/a/b/", {"rest": "a/b/"}),
        ("{name}.{ext}", "/a.b.csv", {"name": "a.b", "ext": "csv"}),
        ("{name}.{ext?}", "/a", {"name": "a"}),
        ("{name}.{ext?}", "/a.csv", {"name": "a", "ext": "csv"}),
        ("v{major}-{minor}", "/v1-2", {"major": "1", "minor": "2"}),
        ("a{{b}}", "/a{b}", {}),
        ("{id:int}", "/12", {"id": "12"}),
        ("{id:int}", "/twelve", None),
        ("{id:int?}", "/", {}),
        ("{id:int=5}", "/", {"id": "5"}),
        ("{x:guid}", "/3F2504E0-4F89-11D3-9A0C-0305E82C3301", {"x": "3F2504E0-4F89-11D3-9A0C-0305E82C3301"}),
        ("{x:alpha:length(2,3)}", "/ab", {"x": "ab"}),
        ("{x:alpha:length(2,3)}", "/abcd", None),
        ("{x:range(1,9)}", "/10", None),
        (r"{x:regex(^\d{{2}}/?$)}", "/12", {"x": "12"}),
        (r"{x:regex(^\d{{2}}$)}", "/123", None),
        ("{x:bool}", "/True", {"x": "True"}),
        ("{x:double}", "/1.5e3", {"x": "1.5e3"}),
        ("{x:decimal}", "/1.5e3", None),
    ],
)
def test_template_matches_as_in_asp_net(template, path, values):
    assert RouteTemplate(template).match(path) == values


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("api//{*route}", "cannot appear consecutively"),
        ("{*a}/b", "catch-all"),
        ("{a?}/b", "at the end"),
        ("{a}/{A}", "appears twice"),
        ("{a}{b}", "a literal between them"),
        ("{a", "braces"),
        ("a}", "braces"),
        ("{}", "no valid name"),
        ("{a:odd}", "route constraint `odd` is not supported"),
        ("{a:length(x)}", "wrong arguments"),
        ("{a=1?}", "cannot be optional"),
    ],
)
def test_template_that_asp_net_refuses_is_refused(template, reason):
    with pytest.raises(ValueError, match=reason):
        RouteTemplate(template)
