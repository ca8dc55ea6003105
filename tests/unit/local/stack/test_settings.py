import pytest

from local.stack.options import StackOptions, choose_setup
from local.stack.roles import application_settings, scale_set_settings, with_direct_loopback
from shared.settings import Settings

pytestmark = pytest.mark.unit


@pytest.fixture
def setup(tmp_path):
    return choose_setup(None, StackOptions(tmp_path))


def test_the_application_accepts_its_settings(setup):
    settings = Settings.from_environment(application_settings(setup))
    assert settings.public_url == setup.management_url
    assert settings.token_issuer == setup.token_issuer
    assert set(settings.token_audiences) == {
        "https://management.azure.com",
        "https://ml.azure.com",
        setup.management_url,
    }
    assert (settings.scale_set, settings.local_scale_set_url) == ("local", setup.scale_set_url)
    assert settings.local_scale_set_key == setup.scale_set_key


def test_nodes_get_the_storage_of_the_application_and_no_other_setting(setup):
    passed_on = scale_set_settings(setup)
    assert passed_on["AzureWebJobsStorage"] == application_settings(setup)["AzureWebJobsStorage"]
    assert set(passed_on) == {"AzureWebJobsStorage", "BATCH_LOCAL_SCALE_SET_KEY"}


def test_no_proxy_stands_between_the_processes():
    direct = with_direct_loopback({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "intranet"})
    assert direct["NO_PROXY"] == direct["no_proxy"] == "intranet,127.0.0.1,localhost"


def test_without_a_proxy_the_environment_stays_as_it_is():
    assert with_direct_loopback({"PATH": "/bin"}) == {"PATH": "/bin"}
