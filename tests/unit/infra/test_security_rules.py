"""Rules that hold for every resource: identities instead of keys, nothing public, TLS, no secret that gets out."""

import json
import re
from typing import Any

import pytest

from tests.unit.infra.bicep_files import INFRA, BicepFile, bicep_files, file_named, resource_named

pytestmark = pytest.mark.unit

FILES = pytest.mark.parametrize("file", bicep_files(), ids=repr)


def _properties(file: str, symbol: str) -> dict[str, Any]:
    found = resource_named(file_named(file), symbol).body["properties"]
    assert isinstance(found, dict)
    return found


def test_storage_takes_identities_only_and_shows_nothing_in_public() -> None:
    account = _properties("app/storage.bicep", "account")
    assert account["allowSharedKeyAccess"] is False
    assert account["allowBlobPublicAccess"] is False
    assert account["allowCrossTenantReplication"] is False
    assert account["defaultToOAuthAuthentication"] is True
    assert account["minimumTlsVersion"] == "TLS1_2"
    assert account["supportsHttpsTrafficOnly"] is True
    assert _properties("app/storage.bicep", "container")["publicAccess"] == "None"


def test_the_function_app_is_reached_by_tls_and_deployed_by_identity() -> None:
    site = _properties("app/function-app.bicep", "site")
    assert site["httpsOnly"] is True
    assert site["siteConfig"]["minTlsVersion"] == site["siteConfig"]["scmMinTlsVersion"] == "1.2"
    assert site["functionAppConfig"]["deployment"]["storage"]["authentication"]["type"] == "UserAssignedIdentity"
    for policy in ("ftp", "scm"):
        assert _properties("app/function-app.bicep", policy) == {"allow": False}


def test_no_other_service_takes_keys_or_passwords() -> None:
    registry = _properties("app/registry.bicep", "registry")
    assert (registry["adminUserEnabled"], registry["anonymousPullEnabled"]) == (False, False)
    assert registry["roleAssignmentMode"] == "LegacyRegistryPermissions", "AcrPull counts in no other mode"
    assert _properties("app/monitoring.bicep", "insights")["DisableLocalAuth"] is True
    assert _properties("app/monitoring.bicep", "logs")["features"]["disableLocalAuth"] is True
    profile = _properties("app/compute.bicep", "scaleSet")["virtualMachineProfile"]
    assert profile["osProfile"]["linuxConfiguration"]["disablePasswordAuthentication"] is True
    assert "adminPassword" not in profile["osProfile"]


def test_nothing_reaches_a_node_from_outside() -> None:
    (rule,) = _properties("app/network.bicep", "nodeRules")["securityRules"]
    assert rule["properties"] == {
        "access": "Deny",
        "direction": "Inbound",
        "priority": 100,
        "protocol": "*",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "*",
    }
    (nodes, *_) = _properties("app/network.bicep", "network")["subnets"]
    assert nodes["name"] == "nodes"
    assert nodes["properties"]["networkSecurityGroup"] == {
        "id": {"operator": {"type": "property_accessor", "operands": {"operand_1": "nodeRules", "operand_2": "id"}}}
    }


def test_nodes_and_application_leave_by_the_gateway_where_there_is_one() -> None:
    subnets = {one["name"]: one["properties"] for one in _properties("app/network.bicep", "network")["subnets"]}
    for name in ("nodes", "app"):
        operands = subnets[name]["natGateway"]["operator"]["operands"]
        assert operands["condition"] == "natGateway", "private subnets have no other way out"


def test_the_switch_puts_storage_and_application_behind_private_endpoints() -> None:
    names = [one["name"] for one in file_named("app/private-endpoints.bicep").variables["endpoints"]]
    assert names == ["blob", "queue", "table", "sites"]
    disabled = {"condition": "privateNetwork", "true_value": "Disabled", "false_value": "Enabled"}
    account = _properties("app/storage.bicep", "account")
    assert account["publicNetworkAccess"]["operator"]["operands"] == disabled
    site = _properties("app/function-app.bicep", "site")
    assert site["publicNetworkAccess"]["operator"]["operands"]["false_value"] == "Disabled"
    assert "integrationSubnetId: privateNetwork ? network.outputs.appSubnetId : ''" in file_named("main.bicep").text


@FILES
def test_no_key_is_asked_for_and_no_output_or_parameter_holds_a_secret(file: BicepFile) -> None:
    assert not re.search(r"\blist(Keys|Secrets|Credentials|AccountSas|ServiceSas)?\(", file.text)
    secret = re.compile(r"(?i)password|secret(?!sTable)|connectionstring|accountkey|primarykey|\bsas\b|sharedkey")
    for name, output in file.outputs.items():
        assert not secret.search(name + json.dumps(output["value"])), f"{file}: output {name}"
    for name in file.parameters:
        assert not secret.search(name), f"{file}: parameter {name}"


def test_a_preemptible_node_gets_time_to_drain_and_a_deleted_one_gets_a_notice() -> None:
    profile = _properties("app/compute.bicep", "scaleSet")["virtualMachineProfile"]
    events = profile["scheduledEventsProfile"]["operator"]["operands"]
    assert events["condition"] == profile["evictionPolicy"]["operator"]["operands"]["condition"]
    notice = events["false_value"]["terminateNotificationProfile"]
    assert notice == {"enable": True, "notBeforeTimeout": "PT5M"}
    assert profile["evictionPolicy"]["operator"]["operands"]["true_value"] == "Delete"


def test_secure_boot_is_on_unless_a_compute_says_otherwise_and_the_image_may_stay_the_same() -> None:
    profile = _properties("app/compute.bicep", "scaleSet")["virtualMachineProfile"]
    assert profile["securityProfile"]["uefiSettings"] == {"secureBootEnabled": "secureBoot", "vTpmEnabled": True}
    assert profile["storageProfile"]["imageReference"]["version"] == "imageVersion"
    main = file_named("main.bicep")
    assert "    secureBoot: compute.?secureBoot ?? true\n    imageVersion: nodeImageVersion\n" in main.text


def test_tags_go_to_every_resource_that_takes_them() -> None:
    for file in bicep_files():
        for one in file.resources:
            if "location" in one.body:
                assert "tags" in one.body, f"{file}: {one.symbol} has no tags"


def test_the_parameter_file_holds_no_value_of_anybodys_installation() -> None:
    parameters = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    for name in ("environmentName", "location", "sshPublicKey"):
        assert re.fullmatch(r"\$\{\w+\}", parameters[name]["value"])
