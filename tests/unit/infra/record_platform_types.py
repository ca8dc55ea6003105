"""Writes platform_types.json: which properties Azure's resource types have, and which values they take.

Taken from the models of Azure's management libraries, which are made from the platform's own specifications. Run it
in an environment that has them (they are too heavy for the test suite):

    python tests/unit/infra/record_platform_types.py

with azure-mgmt-compute 39.0.0, -storage 25.3.0, -network 33.1.0, -web 11.0.1, -containerregistry 15.0.0,
-loganalytics 14.0.0, -applicationinsights 4.1.0, -authorization 4.0.0, -msi 7.1.0, -privatedns 2.0.0, -monitor 7.0.0,
-eventgrid 10.4.0.

In the file, "!" is a property that the platform sets, a list is the values that are taken, {"=": ...} is an object or
an array of them, {"*": ...} an object whose keys are free, and "" anything else.
"""

import importlib
import inspect
import json
import re
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

RECORD = Path(__file__).with_name("platform_types.json")

ROOTS = {
    "Microsoft.Authorization/roleAssignments": ("authorization", "RoleAssignmentCreateParameters"),
    "Microsoft.Authorization/roleDefinitions": ("authorization", "RoleDefinition"),
    "Microsoft.Compute/virtualMachineScaleSets": ("compute", "VirtualMachineScaleSet"),
    "Microsoft.ContainerRegistry/registries": ("containerregistry", "Registry"),
    "Microsoft.EventGrid/systemTopics": ("eventgrid", "SystemTopic"),
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": ("eventgrid", "EventSubscription"),
    "Microsoft.Insights/actionGroups": ("monitor", "ActionGroupResource"),
    "Microsoft.Insights/components": ("applicationinsights", "ApplicationInsightsComponent"),
    "Microsoft.Insights/scheduledQueryRules": ("monitor", "ScheduledQueryRuleResource"),
    "Microsoft.Insights/workbooks": ("applicationinsights", "Workbook"),
    "Microsoft.ManagedIdentity/userAssignedIdentities": ("msi", "Identity"),
    "Microsoft.Network/natGateways": ("network", "NatGateway"),
    "Microsoft.Network/networkSecurityGroups": ("network", "NetworkSecurityGroup"),
    "Microsoft.Network/privateDnsZones": ("privatedns", "PrivateZone"),
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": ("privatedns", "VirtualNetworkLink"),
    "Microsoft.Network/privateEndpoints": ("network", "PrivateEndpoint"),
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": ("network", "PrivateDnsZoneGroup"),
    "Microsoft.Network/publicIPAddresses": ("network", "PublicIPAddress"),
    "Microsoft.Network/virtualNetworks": ("network", "VirtualNetwork"),
    "Microsoft.OperationalInsights/workspaces": ("loganalytics", "Workspace"),
    "Microsoft.Storage/storageAccounts": ("storage", "StorageAccountCreateParameters"),
    "Microsoft.Storage/storageAccounts/blobServices": ("storage", "BlobServiceProperties"),
    "Microsoft.Storage/storageAccounts/blobServices/containers": ("storage", "BlobContainer"),
    "Microsoft.Storage/storageAccounts/queueServices": ("storage", "QueueServiceProperties"),
    "Microsoft.Storage/storageAccounts/queueServices/queues": ("storage", "StorageQueue"),
    "Microsoft.Storage/storageAccounts/tableServices": ("storage", "TableServiceProperties"),
    "Microsoft.Storage/storageAccounts/tableServices/tables": ("storage", "Table"),
    "Microsoft.Web/serverfarms": ("web", "AppServicePlan"),
    "Microsoft.Web/sites": ("web", "Site"),
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": ("web", "CsmPublishingCredentialsPoliciesEntity"),
}


def model_schema(module: ModuleType, model: Any, outer: tuple[type, ...] = ()) -> dict[str, Any]:
    if model in outer:
        return {}
    if getattr(model, "_attribute_map", None):
        return _schema_of_attribute_map(module, model, (*outer, model))
    return _schema_of_fields(module, model, (*outer, model))


def _schema_of_attribute_map(module: ModuleType, model: Any, outer: tuple[type, ...]) -> dict[str, Any]:
    """The libraries' older generation: one map with dotted paths."""
    schema: dict[str, Any] = {}
    for kinds in vars(model).get("_subtype_map", {}).values():  # what any of its kinds has
        for name in sorted(kinds.values()):
            schema = _merged(schema, model_schema(module, getattr(module, name), outer))
    for attribute, entry in model._attribute_map.items():
        *folders, name = (part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", entry["key"]))
        place = schema
        for folder in folders:
            place = place.setdefault(folder, {"=": {}})["="]
        kind = _kind(module, entry["type"].strip("[]{}"), outer, is_free=entry["type"].startswith("{"))
        place[name] = "!" if model._validation.get(attribute, {}).get("readonly") else kind
    return schema


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Both schemas' properties; those that both have are put together."""
    both = {name: _merged(one[name], other[name]) for name in one.keys() & other.keys() if isinstance(one[name], dict)}
    return {**one, **other, **both}


def _schema_of_fields(module: ModuleType, model: Any, outer: tuple[type, ...]) -> dict[str, Any]:
    """The newer generation: one descriptor for each property, its type in the annotation."""
    annotations, fields = dict[str, Any](), dict[str, Any]()
    for base in reversed(model.__mro__):
        annotations.update(inspect.get_annotations(base))
        fields.update({name: field for name, field in vars(base).items() if type(field).__name__ == "_RestField"})
    schema = {}
    for attribute, field in fields.items():
        text = str(annotations.get(attribute, ""))
        found = re.search(r"_models\.(\w+)", text)
        kind = _kind(module, found[1] if found else "", outer, is_free="ict[" in text)
        schema[field._rest_name_input or attribute] = "!" if field._visibility == ["read"] else kind
    return schema


def _kind(module: ModuleType, name: str, outer: tuple[type, ...], *, is_free: bool) -> Any:
    found = getattr(module, name, None) if name else None
    if not inspect.isclass(found):
        return ""
    if issubclass(found, Enum):
        return sorted(member.value for member in found)
    return {"*" if is_free else "=": model_schema(module, found, outer)}


if __name__ == "__main__":
    record = {}
    for resource_type, (library, name) in ROOTS.items():
        models = importlib.import_module(f"azure.mgmt.{library}.models")
        record[resource_type] = model_schema(models, getattr(models, name))
    RECORD.write_text(json.dumps(record, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")
