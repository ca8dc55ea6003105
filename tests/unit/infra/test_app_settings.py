"""Settings in Bicep are exactly those that the code reads: no more, no fewer, and the code accepts them."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from scorer_container.node.settings import NodeSettings
from shared.settings import Settings, TelemetrySettings
from shared.storage.account import CONNECTION_SETTING, StorageAccount
from tests.unit.infra.bicep_files import INFRA, REPOSITORY, file_named, resource_named

pytestmark = pytest.mark.unit

OF_THE_HOST = {
    "AzureWebJobsStorage__accountName",
    "AzureWebJobsStorage__credential",
    "PYTHON_THREADPOOL_THREAD_COUNT",
}
"""Read by the Functions host and its Python worker."""

OF_TELEMETRY = {"APPLICATIONINSIGHTS_AUTHENTICATION_STRING"}
"""Read by the client of Application Insights, and by the host."""

OTHER_TELEMETRY = {"BATCH_TELEMETRY_FOLDER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SDK_DISABLED"}
"""Other places that telemetry may go to."""

LOCAL_ONLY = {"BATCH_LOCAL_SCALE_SET_KEY", "BATCH_LOCAL_SCALE_SET_URL"}
"""Go with `BATCH_SCALE_SET=local`."""

LEFT_AT_DEFAULT = {"BATCH_NODE_CACHE_MB", "BATCH_NODE_LEASE_SECONDS"}
OTHER_FORMS = {CONNECTION_SETTING}
ACCOUNT_NAME = f"{CONNECTION_SETTING}__accountName"
"""The storage account is named by its three addresses, which hold in every cloud; the host also wants its name."""

REFUSED_BY_FLEX_CONSUMPTION = re.compile(
    "FUNCTIONS_WORKER_RUNTIME.*|FUNCTIONS_EXTENSION_VERSION|WEBSITE_.*|ENABLE_ORYX_BUILD|SCM_DO_BUILD_DURING_DEPLOYMENT"
    "|FUNCTIONS_MAX_HTTP_CONCURRENCY|FUNCTIONS_WORKER_PROCESS_COUNT|FUNCTIONS_WORKER_DYNAMIC_CONCURRENCY_ENABLED"
)
"""Source: Microsoft's list of settings that Flex Consumption replaces by `functionAppConfig`."""

TAKEN_BY_FLEX_CONSUMPTION = {"cors", "http20Enabled", "ipSecurityRestrictions", "minTlsVersion", "scmMinTlsVersion"}
"""Of a site's configuration. Others, such as `ftpsState` and `linuxFxVersion`, fail a deployment with error 51021."""


class Recording(dict[str, str]):
    """An environment that remembers which names it was asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return super().__getitem__(name)


def _as_deployed(values: dict[str, Any]) -> dict[str, str]:
    """The settings with something in place of what is only known in Azure."""
    given = {"scaleSetName": "vmss-x-{compute}", "workspaceName": "batch", "location": "northeurope"}
    values = values | {"BATCH_ROLE_ASSIGNMENTS": '[{"principalId":"p","role":"Owner"}]'}
    return {
        name: given.get(value, value) if isinstance(value, str) else f"https://{name.lower().replace('_', '')}.example/"
        for name, value in values.items()
    }


def _app_settings() -> dict[str, Any]:
    return dict(resource_named(file_named("app/function-app.bicep"), "settings").body["properties"])


def test_the_function_app_has_exactly_the_settings_that_its_code_and_its_host_read() -> None:
    settings = _app_settings()
    environment = Recording(_as_deployed(settings))
    Settings.from_environment(environment)
    StorageAccount.from_environment(environment)
    TelemetrySettings.from_environment(environment)
    read = environment.asked - LOCAL_ONLY - OTHER_FORMS - OTHER_TELEMETRY
    assert settings.keys() == read | OF_TELEMETRY | OF_THE_HOST


def test_the_code_reads_the_deployed_settings_as_they_are_meant() -> None:
    settings = Settings.from_environment(_as_deployed(_app_settings()))
    assert settings.scale_set == "vmss"
    assert settings.vmss.name_of("cpu-cluster") == "vmss-x-cpu-cluster"
    account = StorageAccount.from_environment(_as_deployed(_app_settings()))
    assert not account.connection_string
    assert account.client_id
    assert all("example" in url for url in (account.service_urls or {}).values()), "the addresses count, not the name"


def test_the_host_gets_the_accounts_name_beside_its_addresses() -> None:
    """With the addresses alone its start can fail (Azure/azure-functions-host#11787)."""
    assert _app_settings()[ACCOUNT_NAME] == "storageName"


def test_tokens_are_accepted_for_all_audiences_of_the_environment_for_it_has_an_older_one_too() -> None:
    bicep = file_named("app/function-app.bicep").text
    assert "BATCH_TOKEN_AUDIENCES: join(audiences, ',')" in bicep
    assert "var audiences = union(environment().authentication.audiences, [" in bicep


def test_flex_consumption_refuses_none_of_them() -> None:
    assert [name for name in _app_settings() if REFUSED_BY_FLEX_CONSUMPTION.fullmatch(name)] == []


def test_the_site_has_no_configuration_that_flex_consumption_refuses() -> None:
    site = resource_named(file_named("app/function-app.bicep"), "site").body["properties"]
    assert site["siteConfig"].keys() <= TAKEN_BY_FLEX_CONSUMPTION
    config = site["functionAppConfig"]
    assert config.keys() == {"deployment", "runtime", "scaleAndConcurrency"}
    groups = re.findall(r"alwaysReady: .*?name: '([^']+)'", file_named("app/function-app.bicep").text, re.DOTALL)
    assert groups == ["durable"], "one of the groups that Flex Consumption scales: http, durable, blob, function:<name>"


def test_a_node_gets_exactly_the_settings_that_it_reads() -> None:
    deployed = set(file_named("app/compute.bicep").variables["nodeSettings"]["environment"])
    dockerfile = (REPOSITORY / "scorer_container/Dockerfile").read_text(encoding="utf-8")
    in_image = set(re.findall(r"\b(BATCH_\w+)=", dockerfile))
    by_program = set(re.findall(r'"(BATCH_\w+)":', (INFRA / "node/batch_node.py").read_text(encoding="utf-8")))
    names = deployed | in_image | by_program
    environment = Recording(dict.fromkeys(names, "https://x.example"))
    NodeSettings.from_environment(environment)
    StorageAccount.from_environment(environment)
    TelemetrySettings.from_environment(environment)
    assert (
        names == (environment.asked - LEFT_AT_DEFAULT - OTHER_FORMS - OTHER_TELEMETRY - {ACCOUNT_NAME}) | OF_TELEMETRY
    )


@pytest.mark.parametrize(
    ("folder", "read_in"),
    [("shared", "shared/settings.py"), ("scorer_container/node", "scorer_container/node/settings.py")],
)
def test_settings_are_read_in_one_place(folder: str, read_in: str) -> None:
    passed_to_processes = {"scorer_container/node": {"BATCH_COMMANDS_FD", "BATCH_ANSWERS_FD"}}.get(folder, set())
    for path in (REPOSITORY / folder).rglob("*.py"):
        found = set(_setting_names(path.read_text(encoding="utf-8"))) - passed_to_processes
        assert not found or path == REPOSITORY / read_in, f"{path.relative_to(REPOSITORY)} reads {found}"


def _setting_names(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"BATCH_\w+", node.value):
            yield node.value


def test_the_local_sample_has_the_same_settings_of_the_application() -> None:
    sample = json.loads((REPOSITORY / "local.settings.sample.json").read_text(encoding="utf-8"))["Values"]
    ours = {name for name in _app_settings() if name.startswith("BATCH_") and not name.startswith("BATCH_VMSS_")}
    assert ours == {name for name in sample if name.startswith("BATCH_")} - LOCAL_ONLY


def test_the_host_json_fits_the_deployment() -> None:
    host = json.loads((REPOSITORY / "host.json").read_text(encoding="utf-8"))
    storage = host["extensions"]["durableTask"]["storageProvider"]
    assert storage["connectionName"] == CONNECTION_SETTING
    hours, minutes, seconds = map(int, storage["maxQueuePollingInterval"].split(":"))
    assert hours * 3600 + minutes * 60 + seconds <= 10, "Flex Consumption sees orchestrations late otherwise"
