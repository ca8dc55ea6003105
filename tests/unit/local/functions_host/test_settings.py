import json

import pytest

from local.functions_host.app.errors import AppSettingError, HostConfigError
from local.functions_host.app.settings import AppSettings, read_settings

pytestmark = pytest.mark.unit


def test_percent_names_are_replaced():
    assert AppSettings({"A": "x", "B": "y"}).resolve("q-%A%-%B%") == "q-x-y"


def test_missing_percent_name_is_refused_with_its_place():
    with pytest.raises(AppSettingError, match=r"`A` is missing; it is named in '%A%-q'"):
        AppSettings({}).resolve("%A%-q")


def test_connection_is_found_with_and_without_the_webjobs_prefix():
    assert AppSettings({"AzureWebJobsJobs": "one", "Jobs": "two"}).connection_string("Jobs") == "one"
    assert AppSettings({"Jobs": "two"}).connection_string("Jobs") == "two"
    assert AppSettings({"AzureWebJobsStorage": "default"}).connection_string("") == "default"


def test_development_storage_stands_for_the_default_ports():
    connection = AppSettings({"AzureWebJobsStorage": "UseDevelopmentStorage=true"}).connection_string("")
    assert "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1" in connection


def test_identity_based_connection_is_refused_by_name():
    with pytest.raises(AppSettingError, match="identity-based"):
        AppSettings({"Jobs__queueServiceUri": "https://x"}).connection_string("Jobs")


@pytest.mark.parametrize("setting", ["AzureWebJobs.f.Disabled", "AzureWebJobs_f_Disabled"])
def test_function_is_disabled_by_either_form_of_its_setting(setting):
    assert AppSettings({setting: "TRUE"}).is_disabled("f")
    assert not AppSettings({setting: "0"}).is_disabled("f")


def test_environment_wins_over_local_settings(tmp_path):
    (tmp_path / "local.settings.json").write_text(json.dumps({"Values": {"A": "file", "B": "file"}}))
    settings = read_settings(tmp_path, {"A": "environment"})
    assert dict(settings) == {"A": "environment", "B": "file"}


@pytest.mark.parametrize("content", ['{"IsEncrypted": true}', '{"Values": {"A": 1}}', "[]", "{"])
def test_unusable_local_settings_are_refused_with_the_file_name(tmp_path, content):
    (tmp_path / "local.settings.json").write_text(content)
    with pytest.raises(HostConfigError, match=r"local\.settings\.json"):
        read_settings(tmp_path, {})
