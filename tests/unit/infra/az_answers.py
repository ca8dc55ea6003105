"""What the Azure CLI answers to the calls of the scripts: shapes taken from the code of azure-cli 2.91.0.

Each function says which code of the CLI makes its shape. `show` of a Flex Consumption app is the resource as Azure has
it, with `properties`; `list` prints flat objects.
"""

from typing import Any

import jwt

Answer = dict[str, Any]

GROUP = "/subscriptions/s/resourceGroups/rg-x"
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
    named = {"AZURE_CONTAINER_REGISTRY_NAME": "cra1", "BATCH_SCORER_IMAGE_TAG": "current", **outputs}
    found = {f"{name[:5].lower()}{name[5:]}": {"type": "String", "value": value} for name, value in named.items()}
    return {"to": "deployment sub show", "result": {"name": "batch-x", "properties": {"outputs": found}}}


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


def scale_sets(**capacities: int) -> Answer:
    """`vmss list`: objects as Azure has them. The capacity of a compute's scale set, by the tag that names it."""
    found = [{"tags": {"compute": name}, "sku": {"capacity": number}} for name, number in capacities.items()]
    return {"to": "vmss list", "result": [*found, {"tags": None, "sku": {"capacity": 7}}]}


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
        scale_sets(**{"cpu-cluster": 2}),
    ]
