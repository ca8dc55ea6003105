"""What the Azure CLI answers to the calls of the scripts: shapes taken from the code of azure-cli 2.91.0.

Each function says which code of the CLI makes its shape. `show` of a Flex Consumption app is the resource as Azure has
it, with `properties`; `list` prints flat objects.
"""

from typing import Any

import jwt

Answer = dict[str, Any]

GROUP = "/subscriptions/s/resourceGroups/rg-x"
LAST_PARAMETERS: dict[str, Any] = {
    "environmentName": {"type": "String", "value": "x"},
    "location": {"type": "String", "value": "y"},
    "ownerPrincipalId": {"type": "String", "value": "the-owner"},
    "roleAssignments": {"type": "Array", "value": [{"principalId": "p", "role": "Reader"}]},
    "sshPublicKey": {"type": "String", "value": "ssh-ed25519 last"},
    "computes": {"type": "Array", "value": [{"name": "gpu", "vmSize": "s", "spot": True}]},
    "nodeOutbound": {"type": "String", "value": "natGateway"},
    "alertWebhook": {"type": "SecureString"},
    "goneSince": {"type": "String", "value": "z"},
}
"""Of the last deployment: each with its type, a secret without its value (Azure's answer, as the CLI hands it on)."""

HOST = "func-a1.azurewebsites.net"


def function_apps(*hosts: str) -> Answer:
    """`list_function_app` (appservice/custom.py): the web library's models, which `todict` prints flat."""
    apps = [{"name": host.split(".")[0], "defaultHostName": host, "state": "Running", "kind": "x"} for host in hosts]
    return {"to": "functionapp list --resource-group", "result": apps}


def function_app() -> Answer:
    """`show_functionapp` → `get_raw_functionapp` (appservice/custom.py, utils.py): the answer of Azure itself."""
    properties = {"defaultHostName": HOST, "state": "Running", "sku": "FlexConsumption"}
    return {"to": "functionapp show", "result": {"name": "func-a1", "properties": properties}}


def package_taken() -> Answer:
    """`check_flex_app_after_deployment` (appservice/custom.py) returns a sentence, after a minute."""
    return {"to": "functionapp deployment source config-zip", "result": "Deployment was successful."}


def package_refused(reason: str = "ERROR: Deployment was successful but the app appears to be unhealthy.\n") -> Answer:
    """The same function raises when the host is not up, though the package was taken."""
    return {"to": "functionapp deployment source config-zip", "stderr": reason, "code": 1}


def access_token(**claims: str) -> Answer:
    """`get_access_token` (profile/custom.py)."""
    token = jwt.encode({"name": "Ada Ünï", **claims}, "k" * 32, algorithm="HS256")
    return {"to": "account get-access-token", "result": {"tokenType": "Bearer", "accessToken": token, "tenant": "t"}}


def group_exists(*, exists: bool) -> Answer:
    """`check_existence` (resource/commands.py): a bool."""
    return {"to": "group exists", "result": exists}


def deployed(**outputs: str) -> Answer:
    """`get_deployment_at_subscription_scope` (resource/custom.py): Azure begins the names of outputs in lower case."""
    named = {
        "AZURE_CONTAINER_REGISTRY_NAME": "cra1",
        "BATCH_SCORER_IMAGE_TAG": "current",
        "BATCH_SWITCHED_ON": "vmss-a1-cpu-cluster",
        **outputs,
    }
    found = {f"{name[:5].lower()}{name[5:]}": {"type": "String", "value": value} for name, value in named.items()}
    properties = {"outputs": found, "parameters": LAST_PARAMETERS}
    return {"to": "deployment sub show", "result": {"name": "batch-x", "properties": properties}}


def deployment_fails(code: str, times: int = 1) -> Answer:
    """The error of a deployment with those of its resources in it, as `handle_exception` (core/util.py) prints it."""
    inner = f'{{"code": "{code}", "message": "…"}}'
    text = f'ERROR: {{"code": "DeploymentFailed", "message": "At least one …", "details": [{inner}]}}\n'
    return {"to": "deployment sub create", "stderr": text, "code": 1, "times": times}


def deployment_works() -> Answer:
    """With `--output none`."""
    return {"to": "deployment sub create", "result": {"properties": {"provisioningState": "Succeeded"}}}


def image_built() -> Answer:
    """`acr build` prints the log of its run."""
    return {"to": "acr build", "prints": "Run ID: ca1 was successful after 3m1s\n"}


def image_refused() -> Answer:
    """Azure's error on subscriptions without tasks."""
    text = "ERROR: (TasksOperationsNotAllowed) ACR Tasks requests for the registry cra1 are not permitted.\n"
    return {"to": "acr build", "stderr": text, "code": 1}


def resources(*names_of_types: tuple[str, str]) -> Answer:
    """`list_resources` (resource/custom.py): flat objects; Azure writes some types in lower case."""
    found = [
        {"type": kind, "name": name, "id": f"{GROUP}/providers/{kind}/{name}", "tags": {"azd-env-name": "x"}}
        for kind, name in names_of_types
    ]
    return {"to": "resource list", "result": found}


def role_assignments(*assignments: tuple[str, str, str]) -> Answer:
    """`list_role_assignments` (role/custom.py), flat by `_role_assignment_to_dict`: id, principal, role's id."""
    found = [
        {"id": f"{GROUP}/{name}", "principalId": principal, "roleDefinitionId": f"/subscriptions/s/x/{role}"}
        for name, principal, role in assignments
    ]
    return {"to": "role assignment list", "result": found}


def custom_roles(*names: str, group: str = "rg-x") -> Answer:
    """`list_role_definitions` (role/custom.py)."""
    found = [
        {
            "name": name,
            "roleName": f"Batch endpoints {name} a1",
            "assignableScopes": [f"/subscriptions/s/resourceGroups/{group}"],
        }
        for name in names
    ]
    return {"to": "role definition list", "result": found}


def scale_sets(**spot: bool) -> Answer:
    """`vmss list` (vm/custom.py): objects as Azure has them, without the level `properties`."""
    found = [
        {"tags": {"compute": name}, "virtualMachineProfile": {"priority": "Spot" if is_spot else "Regular"}}
        for name, is_spot in spot.items()
    ]
    return {"to": "vmss list", "result": [*found, {"tags": None, "virtualMachineProfile": None}]}


def bicep(version: str) -> Answer:
    """`show_bicep_cli_version` (resource/custom.py) prints what Bicep does, past `--query` and `--output`."""
    return {"to": "bicep version", "prints": f"Bicep CLI version {version} (0123456789)\n"}


def first_deployment() -> list[Answer]:
    """Nothing of the installation is there yet."""
    return [group_exists(exists=False)]


def of_a_running_installation() -> list[Answer]:
    """Everything works, and the installation is there."""
    return [
        access_token(oid="who-deploys"),
        group_exists(exists=True),
        deployment_works(),
        deployed(),
        image_built(),
        {"to": "acr login", "prints": "Login Succeeded\n"},
        {"to": "acr show --name", "result": {"loginServer": "cra1.azurecr.io", "name": "cra1"}},
        function_apps(HOST),
        function_app(),
        package_taken(),
        bicep("0.49.2"),
        {"to": "monitor action-group list", "result": []},
        resources(),
        scale_sets(cpu=False, cheap=True),
        role_assignments(),
        {"to": "resource delete", "result": None},
        {"to": "resource show", "result": {"identity": {"principalId": "of-the-topic", "type": "SystemAssigned"}}},
        {"to": "role assignment delete", "result": None},
        {"to": "role definition delete", "result": None},
        custom_roles(),
        {"to": "group delete", "result": None},
        {"to": "deployment sub list", "result": [{"name": "batch-x"}, {"name": "batch-x2"}]},
        {"to": "deployment sub delete", "result": None},
    ]
