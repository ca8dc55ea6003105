"""Creates and changes an endpoint and its deployments. A failure restores the former state."""

from dataclasses import dataclass
from typing import Any

from cli.api.workspace import Resource, Workspace
from cli.deploy.assets import Assets, UndoJournal
from cli.deploy.plan import DeploymentPlan, EndpointPlan
from cli.output.errors import InvalidInputError, NotFoundError, did_you_mean

WRITABLE = ("properties", "tags", "location", "identity", "kind")
"""Members of a resource that a PUT may contain."""


@dataclass(frozen=True)
class EndpointMaker:
    """Makes endpoints and deployments from plans. The journal gets everything that it makes."""

    workspace: Workspace
    journal: UndoJournal
    wait: bool = True

    def endpoint(self, plan: EndpointPlan) -> None:
        """Create the endpoint with its deployments, or change an existing one to match the plan."""
        path = f"batchEndpoints/{plan.name}"
        for reference in {deployment.compute for deployment in plan.deployments}:
            self._check_compute(reference)
        properties: dict[str, Any] = {"authMode": "aadToken", "properties": plan.properties}
        if plan.description:
            properties["description"] = plan.description
        there = self.workspace.find(path)
        defaults = ((there or {}).get("properties") or {}).get("defaults") or {}
        self._put(path, {"properties": properties | {"defaults": defaults}, "tags": plan.tags}, there, wait=True)
        for deployment in plan.deployments:
            self.deployment(plan.name, deployment)
        if plan.default_deployment:
            self.default_deployment(plan.name, plan.default_deployment)

    def deployment(self, endpoint: str, plan: DeploymentPlan, instance_count: int | None = None) -> None:
        """Upload and register the assets of a deployment, then create or replace the deployment."""
        path = f"batchEndpoints/{endpoint}/deployments/{plan.name}"
        there = self.workspace.find(path)
        properties = self._deployment_properties(plan)
        if instance_count:
            properties["resources"] = {"instanceCount": instance_count}
        try:
            self._put(path, {"properties": properties, "tags": plan.tags}, there, wait=True)
        except InvalidInputError as error:
            raise InvalidInputError(f"deployment {plan.name!r}: {error.message}", hint=error.hint) from None

    def default_deployment(self, endpoint: str, deployment: str) -> None:
        """Make this deployment the active one."""
        there = self.workspace.get(f"batchEndpoints/{endpoint}")
        self.workspace.get(f"batchEndpoints/{endpoint}/deployments/{deployment}")
        self.change(there, {"defaults": {"deploymentName": deployment}})

    def change(self, there: Resource, properties: dict[str, Any], tags: dict[str, str] | None = None) -> None:
        """Put the endpoint or deployment back with other properties (and tags, unless None)."""
        path = str(there["id"]).split("/workspaces/", 1)[1].split("/", 1)[1]
        body = writable(there)
        body["properties"] = body["properties"] | properties
        body["tags"] = body.get("tags", {}) if tags is None else tags
        self._put(path, body, there, wait=self.wait)

    def _deployment_properties(self, plan: DeploymentPlan) -> dict[str, Any]:
        assets = Assets(self.workspace, self.journal)
        model = plan.model if isinstance(plan.model, str) else assets.model(plan.model)
        properties = plan.settings | {
            "model": {"referenceType": "Id", "assetId": model},
            "compute": plan.compute,
            "properties": plan.properties,
        }
        if plan.description:
            properties["description"] = plan.description
        if plan.code:
            code = {"codeId": assets.code(plan.code), "scoringScript": plan.code.scoring_script}
            properties["codeConfiguration"] = code
        if plan.environment:
            given = plan.environment
            properties["environmentId"] = given if isinstance(given, str) else assets.environment(given)
        return properties

    def _check_compute(self, reference: str) -> None:
        """Raise NotFoundError before anything is uploaded. The service checks references in another form."""
        name = reference.removeprefix("azureml:").strip()
        if "/" in name or self.workspace.find(f"computes/{name}"):
            return
        meant = did_you_mean(name, (compute["name"] for compute in self.workspace.list("computes")))
        create = f"Create it with `bml compute create --name {name} --max-instances 2`"
        raise NotFoundError(f"the compute {name!r} does not exist", hint=" ".join(meant) or create)

    def _put(self, path: str, body: dict[str, Any], there: Resource | None, *, wait: bool) -> None:
        if there is None:
            self.journal.made(path, lambda: self._remove(path))
        else:
            before = writable(there)
            self.journal.made(f"the former state of {path}", lambda: self._restore(path, before))
        self.workspace.put(path, body, wait=wait)

    def _remove(self, path: str) -> None:
        if self.workspace.find(path) is not None:
            self.workspace.delete(path)

    def _restore(self, path: str, before: dict[str, Any]) -> None:
        self.workspace.put(path, before)


def writable(resource: Resource) -> dict[str, Any]:
    """Return the members of a resource that a PUT may send back."""
    return {name: resource[name] for name in WRITABLE if resource.get(name) is not None}
