"""From YAML files to plans; `--name` and `--endpoint` of the command line win over the file."""

from pathlib import Path
from typing import Any

from cli.deploy.endpoint import EndpointPlan
from cli.deploy.plan import DeploymentPlan, plan_deployment
from cli.deploy.set_option import assign
from cli.errors import UsageError
from cli.yaml_files.deployment_form import DeploymentForm
from cli.yaml_files.document import YamlDocument, empty_document, read_document
from cli.yaml_files.endpoint_form import EndpointForm
from cli.yaml_files.form import read_form


def endpoint_plan(path: Path | None, name: str | None, assignments: tuple[str, ...] = ()) -> EndpointPlan:
    """The endpoint that a file, or only its name, describes; raises CliError with file, line and key."""
    document = assign(read_document(path) if path else empty_document(), assignments)
    form = read_form(EndpointForm, document)
    chosen = name or form.name
    if not chosen:
        raise UsageError("the endpoint has no name", mend="Give --name, or `name` in the file")
    at_list = isinstance(document.content.get("deployments"), list)
    deployments = tuple(
        plan_deployment(document, deployment, ("deployments", number if at_list else deployment.name))
        for number, deployment in enumerate(form.deployments)
    )
    plan = EndpointPlan(
        name=chosen,
        description=form.description or "",
        tags=dict(form.tags),
        properties=dict(form.properties),
        default_deployment=form.default_deployment,
        deployments=deployments,
    )
    _check_default(document, plan)
    return plan


def deployment_plan(
    path: Path, name: str | None = None, assignments: tuple[str, ...] = (), *, check_script: bool = True
) -> DeploymentPlan:
    """The deployment that a file describes; raises CliError with file, line and key."""
    document = assign(read_document(path), assignments)
    if name:
        document.content["name"] = name
    return plan_deployment(document, read_form(DeploymentForm, document), check_script=check_script)


def _check_default(document: YamlDocument, plan: EndpointPlan) -> None:
    """Traffic to a deployment that the file does not have is a slip of the pen, if it has any."""
    names: list[Any] = [deployment.name for deployment in plan.deployments]
    default = plan.default_deployment
    if default and names and default not in names:
        keys = ("traffic", default) if document.content.get("traffic") else ("defaults", "deployment_name")
        raise document.error(
            keys, f"the deployment {default!r} is not in `deployments`", mend=f"The file has: {', '.join(names)}"
        )
