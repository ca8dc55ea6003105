import json
from pathlib import Path

import pytest

from cli.connection.connection import Defaults, data_dir, defaults_file, resolve
from cli.output.errors import CliError, UsageError

pytestmark = pytest.mark.unit


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"BML_CONFIG_DIR": str(tmp_path / "settings")}


def test_defaults_are_kept_and_forgotten(environment: dict[str, str]) -> None:
    Defaults().changed(["group=g", "workspace=w"]).write(environment)
    Defaults.read(environment).changed(["group="]).write(environment)
    assert Defaults.read(environment).values == {"workspace": "w"}


def test_an_unknown_default_is_named() -> None:
    with pytest.raises(UsageError, match="'colour=blue' is not known"):
        Defaults().changed(["colour=blue"])


def test_a_damaged_file_is_named(environment: dict[str, str]) -> None:
    path = defaults_file(environment)
    path.parent.mkdir()
    path.write_text("[")
    with pytest.raises(CliError, match=r"defaults\.json cannot be read"):
        Defaults.read(environment)


def test_the_data_folder_is_absolute_and_the_environment_wins(environment: dict[str, str]) -> None:
    Defaults().changed(["data-dir=here"]).write(environment)
    assert data_dir(None, environment) == Path("here").absolute()
    assert data_dir(None, environment | {"BML_DATA_DIR": "there"}) == Path("there")
    assert data_dir(Path("given"), environment) == Path("given")


def test_group_and_workspace_complete_a_deployed_service(environment: dict[str, str]) -> None:
    Defaults().changed(["group=kept", "workspace=kept"]).write(environment)
    deployed = {
        "BML_MANAGEMENT_URL": "https://service.example/",
        "BML_SUBSCRIPTION": "s",
        "BML_ACCESS_TOKEN": "t",
        "BML_WORKSPACE": "told",
    }
    connection = resolve(None, environment | deployed)
    assert (connection.resource_group, connection.workspace) == ("kept", "told")
    assert resolve(None, environment | deployed, workspace="given").workspace == "given"
    assert json.loads(defaults_file(environment).read_text()) == {"group": "kept", "workspace": "kept"}
