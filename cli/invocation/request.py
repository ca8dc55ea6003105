"""The scoring URI of an endpoint, which starts jobs and lists them."""

import uuid
from dataclasses import dataclass
from typing import Any

from cli.api.workspace import Resource, Workspace, items_of
from cli.connection.token import SCORING_AUDIENCE
from cli.output.errors import ServiceError


@dataclass(frozen=True)
class ScoringUri:
    """The scoring URI of an endpoint. A command asks for it first, so that a wrong name fails before an upload."""

    workspace: Workspace
    endpoint: str
    url: str

    @classmethod
    def of(cls, workspace: Workspace, endpoint: str, deployment: str | None = None) -> "ScoringUri":
        """Look up the URI of an endpoint. Raise NotFoundError if it or its `deployment` does not exist."""
        url = workspace.get(f"batchEndpoints/{endpoint}")["properties"].get("scoringUri")
        if deployment:
            workspace.get(f"batchEndpoints/{endpoint}/deployments/{deployment}")
        if not url:
            raise ServiceError(f"the service gives no scoring URI for the endpoint {endpoint!r}")
        return cls(workspace, endpoint, url)

    def start(self, properties: dict[str, Any], deployment: str | None = None) -> Resource:
        """Start a job. The request has an id, so a retry after a lost answer does not start a second job."""
        headers = {"repeatability_request-id": str(uuid.uuid4())}
        if deployment:
            headers["azureml-model-deployment"] = deployment
        answer = self.workspace.transport.send(
            "POST",
            self.url,
            audience=SCORING_AUDIENCE,
            content={"properties": properties},
            headers=headers,
            repeatable=True,
        )
        job: Resource = answer.json()
        return job

    def jobs(self, deployment: str | None) -> Any:
        """Yield the endpoint's jobs, newest first, page after page."""
        from urllib.parse import urlencode

        url = self.url + (f"?{urlencode({'deployment': deployment})}" if deployment else "")
        send = self.workspace.transport.send
        return items_of(lambda url: send("GET", url, audience=SCORING_AUDIENCE).json(), url)
