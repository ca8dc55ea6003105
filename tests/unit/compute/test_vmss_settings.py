import pytest

from shared.compute.scale_sets import LocalScaleSets
from shared.compute.vmss_scale_sets import VmssScaleSets
from shared.settings import Settings, SettingsError, VmssSettings
from shared.triggers.wiring import scale_sets

pytestmark = pytest.mark.unit

REQUIRED = {
    "BATCH_SUBSCRIPTION_ID": "sub",
    "BATCH_RESOURCE_GROUP": "rg",
    "BATCH_WORKSPACE": "ws",
    "BATCH_LOCATION": "westeurope",
    "BATCH_PUBLIC_URL": "https://app.example",
    "BATCH_TOKEN_ISSUER": "https://issuer.example",
    "BATCH_TOKEN_JWKS_URL": "https://issuer.example/keys",
    "BATCH_SCALE_SET": "vmss",
}


def settings(**changes: str) -> Settings:
    return Settings.from_environment(REQUIRED | changes)


def test_by_default_a_scale_set_has_the_computes_name_and_is_in_the_workspaces_group() -> None:
    vmss = settings().vmss
    assert vmss == VmssSettings("sub", "rg", "{compute}", "", "https://management.azure.com")
    assert vmss.name_of("cpu") == "cpu"


def test_each_default_can_be_replaced() -> None:
    vmss = settings(
        BATCH_VMSS_SUBSCRIPTION_ID="sub-2",
        BATCH_VMSS_RESOURCE_GROUP="rg-2",
        BATCH_VMSS_NAME="vmss-x-{compute}",
        BATCH_VMSS_CLIENT_ID="id",
        BATCH_VMSS_ENDPOINT="https://management.usgovcloudapi.net/",
    ).vmss
    assert vmss == VmssSettings("sub-2", "rg-2", "vmss-x-{compute}", "id", "https://management.usgovcloudapi.net")
    assert vmss.name_of("cpu") == "vmss-x-cpu"


def test_a_name_that_is_the_same_for_all_computes_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"BATCH_VMSS_NAME 'vmss' is not valid: it must contain \{compute\}"):
        settings(BATCH_VMSS_NAME="vmss")


@pytest.mark.parametrize(("name", "kind"), [("vmss", VmssScaleSets), ("local", LocalScaleSets)])
def test_the_setting_chooses_the_scale_sets(name: str, kind: type) -> None:
    assert isinstance(scale_sets(settings(BATCH_SCALE_SET=name, BATCH_LOCAL_SCALE_SET_URL="http://x")), kind)


def test_another_kind_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SettingsError, match="'aks' is not valid: use local, vmss"):
        scale_sets(settings(BATCH_SCALE_SET="aks"))
