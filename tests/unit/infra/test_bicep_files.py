"""What Bicep's compiler and the platform would refuse, checked without them."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.infra.bicep_files import (
    INFRA,
    BicepFile,
    Resource,
    bicep_files,
    branches,
    file_named,
    is_expression,
    resource_named,
    unwrapped,
)
from tests.unit.infra.record_platform_types import RECORD

pytestmark = pytest.mark.unit

FILES = pytest.mark.parametrize("file", bicep_files(), ids=repr)

FUNCTIONS = re.compile(
    "base64|concat|contains|empty|environment|filter|first|guid|int|join|join|last|loadFileAsBase64|loadTextContent|map|replace|resourceGroup|split"
    "|startsWith|string|subscription|subscriptionResourceId|tenant|toLower|union|uniqueString"
)
LANGUAGE = re.compile(
    "allowed|array|batchSize|bool|description|export|from|import|int|maxLength|maxValue|metadata|minLength|minValue|module|nullIfNotFound|object|output|param"
    "|resource|sealed|secure|string|targetScope|type|var"
)
API_VERSIONS = {
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
    "Microsoft.Authorization/roleDefinitions": "2022-04-01",
    "Microsoft.Compute/virtualMachineScaleSets": "2025-04-01",
    "Microsoft.ContainerRegistry/registries": "2025-11-01",
    "Microsoft.EventGrid": "2025-02-15",
    "Microsoft.Insights/actionGroups": "2023-01-01",
    "Microsoft.Insights/components": "2020-02-02",
    "Microsoft.Insights/scheduledQueryRules": "2026-03-01",
    "Microsoft.Insights/workbooks": "2023-06-01",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2024-11-30",
    "Microsoft.Network": "2025-01-01",
    "Microsoft.Network/privateDnsZones": "2024-06-01",
    "Microsoft.OperationalInsights/workspaces": "2025-07-01",
    "Microsoft.Resources/resourceGroups": "2025-04-01",
    "Microsoft.Storage": "2025-06-01",
    "Microsoft.Web": "2025-03-01",
}
"""Stable versions of the last 730 days, or the newest there are (`use-recent-api-versions`).

The very newest is not offered in every region at once.
"""

UNCHECKED_TYPES = {
    "Microsoft.Resources/resourceGroups": "name, location and tags only",
    "Microsoft.Web/sites/config": "the settings' names are the application's (test_app_settings.py)",
}
FRAME = frozenset({"name", "parent", "scope", "location", "tags", "kind", "dependsOn"})
"""What Bicep itself, or every resource, has beside its own properties."""


@FILES
def test_every_parameter_and_output_is_described(file: BicepFile) -> None:
    for name, one in {**file.parameters, **file.outputs}.items():
        described = [d["argument"] for d in one["decorators"] if d["type"] == "description"]
        assert described and described[0].endswith("."), f"{file}: {name} has no @description that is a sentence"


@FILES
def test_only_declared_names_and_known_functions_are_used(file: BicepFile) -> None:
    unknown = set(file.words()) - file.declared - file.local_names - file.outputs.keys()
    assert [word for word in unknown if not FUNCTIONS.fullmatch(word) and not LANGUAGE.fullmatch(word)] == []


@FILES
def test_everything_declared_is_used(file: BicepFile) -> None:
    words = list(file.words())
    for name in [*file.parameters, *file.variables, *(one.symbol for one in file.resources if one.existing)]:
        assert words.count(name) > 1, f"{file}: {name} is declared and never used"


@FILES
def test_every_imported_type_is_used(file: BicepFile) -> None:
    for name in file.imported:
        assert len(re.findall(rf"\b{name}\b", file.text)) > 1, f"{file} imports {name}"


@FILES
def test_modules_are_given_their_parameters_and_asked_for_their_outputs(file: BicepFile) -> None:
    for symbol, module in file.modules.items():
        target = file_named(module["detail"]["path"])
        given = set(unwrapped(module["config"])["params"])
        needed = {name for name, one in target.parameters.items() if one["default"] is None}
        assert needed <= given <= target.parameters.keys(), f"{file}: module {symbol}"
        asked = set(re.findall(rf"\b{symbol}!?(?:\[\w+\])?\.outputs\.(\w+)", file.text))
        assert asked <= target.outputs.keys(), f"{file}: module {symbol}"


def test_every_module_is_deployed_and_every_output_wanted() -> None:
    main = file_named("main.bicep")
    used = {INFRA / module["detail"]["path"] for module in main.modules.values()}
    assert {file.path for file in bicep_files()} == used | {main.path, INFRA / "types.bicep"}
    for symbol, module in main.modules.items():
        for output in file_named(module["detail"]["path"]).outputs:
            assert re.search(rf"\b{symbol}!?(\[\w+\])?\.outputs\.{output}\b", main.text), (
                f"nobody wants {symbol}.outputs.{output}"
            )


def test_files_that_are_loaded_exist() -> None:
    for file in bicep_files():
        for path in re.findall(r"load\w+\('([^']+)'\)", file.text):
            assert (file.path.parent / path).is_file(), f"{file} loads {path}"


@FILES
def test_resources_have_only_properties_and_values_that_their_type_has(file: BicepFile) -> None:
    schemas = json.loads(RECORD.read_text(encoding="utf-8"))
    names = file.declared | file.local_names
    for resource in file.resources:
        provider = resource.type.split("/")[0]
        expected = next(API_VERSIONS[key] for key in (*_prefixes(resource.type), provider) if key in API_VERSIONS)
        assert resource.api_version == expected, resource.symbol
        if not resource.existing and resource.type not in UNCHECKED_TYPES:
            body = {name: value for name, value in resource.body.items() if name not in FRAME}
            assert list(_problems(body, schemas[resource.type], resource.symbol, names)) == []


def _prefixes(resource_type: str) -> Iterator[str]:
    parts = resource_type.split("/")
    for length in range(len(parts), 1, -1):
        yield "/".join(parts[:length])


def _problems(value: Any, schema: Any, path: str, names: set[str]) -> Iterator[str]:
    for one in branches(value):
        if is_expression(one) or one is None:
            continue
        if schema == "!":
            yield f"{path} is set by the platform"
        elif isinstance(schema, list):
            is_name = isinstance(one, str) and (one in names or "${" in one)
            if not is_name and one not in schema:
                yield f"{path} is {one!r}, and takes {schema}"
        elif isinstance(one, list):
            for number, item in enumerate(one):
                yield from _problems(item, schema, f"{path}[{number}]", names)
        elif isinstance(one, dict) and isinstance(schema, dict):
            yield from _problems_of_object(one, schema, path, names)


def _problems_of_object(value: dict[str, Any], schema: dict[str, Any], path: str, names: set[str]) -> Iterator[str]:
    fields = schema.get("=", schema)
    for name, one in value.items():
        if "*" in schema:
            yield from _problems(one, {"=": schema["*"]}, f"{path}.{name}", names)
        elif name in fields:
            yield from _problems(one, fields[name], f"{path}.{name}", names)
        else:
            yield f"{path} has no property {name!r}"


LIMITS = {
    "Microsoft.Resources/resourceGroups": r"[-\w.()]{1,90}",
    "Microsoft.Compute/virtualMachineScaleSets": r"[a-zA-Z0-9][-\w]{0,62}[a-zA-Z0-9_]",
    "Microsoft.ContainerRegistry/registries": r"[a-zA-Z0-9]{5,50}",
    "Microsoft.Insights/actionGroups": r"[^:<>+/&%\\?|]{1,260}",
    "Microsoft.EventGrid/systemTopics": r"[-a-zA-Z0-9]{3,128}",
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": r"[-a-zA-Z0-9]{3,64}",
    "Microsoft.Insights/components": r"[^%&\\?/]{1,260}",
    "Microsoft.Insights/scheduledQueryRules": r"[^*<>%{}&:\\?/#|]{1,260}",
    "Microsoft.ManagedIdentity/userAssignedIdentities": r"[a-zA-Z0-9][-\w]{2,127}",
    "Microsoft.Network/natGateways": r"[a-zA-Z0-9][-\w.]{0,78}\w",
    "Microsoft.Network/networkSecurityGroups": r"[a-zA-Z0-9][-\w.]{0,78}\w",
    "Microsoft.Network/privateEndpoints": r"[a-zA-Z0-9][-\w.]{0,62}\w",
    "Microsoft.Network/publicIPAddresses": r"[a-zA-Z0-9][-\w.]{0,78}\w",
    "Microsoft.Network/virtualNetworks": r"[a-zA-Z0-9][-\w.]{0,62}\w",
    "Microsoft.OperationalInsights/workspaces": r"[a-zA-Z0-9][-a-zA-Z0-9]{2,61}[a-zA-Z0-9]",
    "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
    "Microsoft.Storage/storageAccounts/blobServices/containers": r"(?!.*--)[a-z0-9][-a-z0-9]{2,62}",
    "Microsoft.Storage/storageAccounts/queueServices/queues": r"(?!.*--)[a-z0-9][-a-z0-9]{1,61}[a-z0-9]",
    "Microsoft.Storage/storageAccounts/tableServices/tables": r"[a-zA-Z][a-zA-Z0-9]{2,62}",
    "Microsoft.Web/serverfarms": r"[-a-zA-Z0-9]{1,60}",
    "Microsoft.Web/sites": r"(?=.{2,60}$)[a-zA-Z0-9][-a-zA-Z0-9]*[a-zA-Z0-9]",
}
"""Source: Azure's page of naming rules and restrictions."""

TOKEN = "a1b2c3d4e5f6g"
LONGEST = {
    "environmentName": "e" * 58,
    "token": TOKEN,
    "name": f"func-{TOKEN}",
    "scaleSetName": f"vmss-{TOKEN}-{'c' * 32}",
    "endpoint.name": "queue",
    "one.name": "failed-invocations",
    "packageContainer": "app-package",
}


def test_modules_have_no_names_of_their_own_so_that_two_deployments_at_a_time_cannot_meet() -> None:
    for symbol, module in file_named("main.bicep").modules.items():
        assert "name" not in unwrapped(module["config"]), symbol


def test_machines_are_named_within_the_limits() -> None:
    """A machine's name is the scale set's, `_` and eight characters; its host name the prefix and six."""
    assert len(LONGEST["scaleSetName"]) + 9 <= 64
    scale_set = resource_named(file_named("app/compute.bicep"), "scaleSet").body["properties"]
    prefix = scale_set["virtualMachineProfile"]["osProfile"]["computerNamePrefix"]
    assert re.fullmatch(r"[a-z][a-z0-9-]{0,8}", prefix), "nine at most holds for every operating system"


@pytest.mark.parametrize("resource_type", sorted(LIMITS))
def test_names_are_within_the_platforms_limits_at_their_longest(resource_type: str) -> None:
    found = [(file, one) for file in bicep_files() for one in file.resources if one.type == resource_type]
    assert any(not one.existing for _, one in found)
    for file, one in found:
        for name in _longest_names(file, one) if not one.existing else ():
            assert re.fullmatch(LIMITS[resource_type], name), f"{file}: {one.symbol} is named {name}"


def _longest_names(file: BicepFile, resource: Resource) -> list[str]:
    """A name with its parameters put in; those of a loop over a list of texts one by one."""
    listed = file.variables.get(f"{resource.symbol}s")
    names = listed if resource.body["name"] == "name" and listed else [resource.body["name"]]
    filled = [re.sub(r"\$\{([\w.]+)\}", lambda found: LONGEST[found[1]], LONGEST.get(name, name)) for name in names]
    assert all("$" not in name for name in filled)
    return filled


def test_parameters_of_azd_are_the_templates_own_with_the_same_defaults() -> None:
    parameters = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    declared = file_named("main.bicep").parameters
    assert parameters.keys() == declared.keys()
    for name, one in declared.items():
        value, default = parameters[name]["value"], one["default"]
        if isinstance(value, str) and "=" in value:
            captured = value.removesuffix("}").split("=", 1)[1]
            assert captured == (str(default).lower() if isinstance(default, bool) else str(default)), name
        elif not isinstance(value, str):
            assert not default or value == default, name
