"""The pages about Azure name what exists."""

import re

import pytest

from tests.unit.infra.bicep_files import INFRA, REPOSITORY, file_named

pytestmark = pytest.mark.unit

PAGES = ("deploy.md", "first-deployment.md", "infra.md", "operate.md")


def _page(name: str) -> str:
    return (REPOSITORY / "docs" / name).read_text(encoding="utf-8")


def _anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for name, anchor in re.findall(r"\]\(([\w./-]*)(?:#([\w-]+))?\)", _page(page)):
        target = name or page
        assert (REPOSITORY / "docs" / target).is_file(), target
        assert not anchor or anchor in _anchors(_page(target)), f"{target}#{anchor}"


def test_every_parameter_is_explained_with_its_default() -> None:
    (section,) = re.findall(r"## Parameters\n(.*?)\n## ", _page("infra.md"), re.DOTALL)
    rows = re.findall(r"^\| `(\w+)` \| (?:`([^`]*)`)? *\|", section, re.MULTILINE)
    declared = file_named("main.bicep").parameters
    assert [name for name, _ in rows] == list(declared)
    for name, default in rows:
        known = declared[name]["default"]
        if default and not isinstance(known, list):
            assert default == str(known).lower() if isinstance(known, bool) else default == str(known), name


def test_every_file_of_the_installation_is_listed() -> None:
    text = _page("infra.md")
    for path in INFRA.rglob("*"):
        if path.suffix in {".bicep", ".py"} or path.name == "cloud-init.yaml":
            assert f"`{path.relative_to(INFRA).as_posix()}`" in text


def test_scripts_and_variables_in_the_pages_exist() -> None:
    text = "".join(map(_page, PAGES))
    for script in re.findall(r"infra/[\w/-]+\.(?:sh|yaml|bicep|json)", text):
        assert (REPOSITORY / script).is_file(), script
    parameters = (INFRA / "main.parameters.json").read_text(encoding="utf-8")
    read = set(re.findall(r"\$\{(\w+)", parameters))
    for hook in INFRA.rglob("*.sh"):
        read |= set(re.findall(r"\$\{(\w+):-", hook.read_text(encoding="utf-8")))
    assert set(re.findall(r"azd env set (\w+)", text)) <= read


def test_the_first_real_deployment_has_ten_looks_each_with_a_command_an_answer_and_a_remedy() -> None:
    parts = re.split(r"^## (\d+)\. .+$", _page("first-deployment.md"), flags=re.MULTILINE)
    assert parts[1::2] == [str(number) for number in range(1, 11)]
    for look in parts[2::2]:
        command, said = re.findall(r"```sh\n(.+?)```\n(.+)", look, re.DOTALL)[0]
        assert re.search(r"\b(az|bml|infra/\w+\.sh) ", command), look
        assert re.search(r"\b(If|Else)\b", said), look


def test_calls_of_az_in_the_pages_ask_for_what_flex_consumption_has() -> None:
    for page in PAGES:
        for query in re.findall(r"az functionapp show [^\n`]*--query \"?([\w.]+)", _page(page)):
            assert query.startswith("properties."), f"{page}: the answer is Azure's raw resource"
