"""The action of each route, in the words of Azure's role definitions. `~` stands for the workspace's path.

A route that is missing here refuses every caller.
"""

from collections.abc import Mapping

from shared.security.access import FOR_EVERY_ROLE, WORKSPACES

PROVIDER = "Microsoft.MachineLearningServices"
WORKSPACE = (
    f"/subscriptions/{{subscription}}/resourceGroups/{{resource_group}}/providers/{PROVIDER}/workspaces/{{workspace}}"
)

_SUBSCRIPTION, _OPERATION = FOR_EVERY_ROLE

_WORKSPACE_ACTIONS = {
    "GET ~": "read",
    "POST ~/listWebhookSecret": "listKeys/action",
    "POST ~/purgeJobs": "jobs/delete",
    "GET ~/computes": "computes/read",
    "GET ~/computes/{compute}": "computes/read",
    "PUT ~/computes/{compute}": "computes/write",
    "DELETE ~/computes/{compute}": "computes/delete",
    "POST ~/computes/{compute}/listNodes": "computes/listNodes/action",
    "GET ~/datastores": "datastores/read",
    "GET ~/datastores/{datastore}": "datastores/read",
    "PUT ~/datastores/{datastore}": "datastores/write",
    "DELETE ~/datastores/{datastore}": "datastores/delete",
    "POST ~/datastores/{datastore}/listSecrets": "datastores/listSecrets/action",
    "GET ~/codes/{name}/versions": "codes/versions/read",
    "GET ~/codes/{name}/versions/{version}": "codes/versions/read",
    "PUT ~/codes/{name}/versions/{version}": "codes/versions/write",
    "DELETE ~/codes/{name}/versions/{version}": "codes/versions/delete",
    "POST ~/codes/{name}/versions/{version}/startPendingUpload": "codes/versions/startPendingUpload/action",
    "GET ~/batchEndpoints": "batchEndpoints/read",
    "GET ~/batchEndpoints/{endpoint}": "batchEndpoints/read",
    "PUT ~/batchEndpoints/{endpoint}": "batchEndpoints/write",
    "DELETE ~/batchEndpoints/{endpoint}": "batchEndpoints/delete",
    "GET ~/batchEndpoints/{endpoint}/deployments": "batchEndpoints/deployments/read",
    "GET ~/batchEndpoints/{endpoint}/deployments/{deployment}": "batchEndpoints/deployments/read",
    "PUT ~/batchEndpoints/{endpoint}/deployments/{deployment}": "batchEndpoints/deployments/write",
    "DELETE ~/batchEndpoints/{endpoint}/deployments/{deployment}": "batchEndpoints/deployments/delete",
    "GET ~/schedules": "schedules/read",
    "GET ~/schedules/{name}": "schedules/read",
    "PUT ~/schedules/{name}": "schedules/write",
    "DELETE ~/schedules/{name}": "schedules/delete",
    "GET ~/blobTriggers": "blobTriggers/read",
    "GET ~/blobTriggers/{name}": "blobTriggers/read",
    "PUT ~/blobTriggers/{name}": "blobTriggers/write",
    "DELETE ~/blobTriggers/{name}": "blobTriggers/delete",
    "GET ~/jobs": "jobs/read",
    "GET ~/jobs/{job}": "jobs/read",
    "PUT ~/jobs/{job}": "jobs/write",
    "POST ~/jobs/{job}/cancel": "jobs/cancel/action",
    "GET /endpoints/{endpoint}/jobs": "batchEndpoints/jobs/read",
    "POST /endpoints/{endpoint}/jobs": "batchEndpoints/jobs/write",
    "GET /endpoints/{endpoint}/jobs/{job}": "batchEndpoints/jobs/read",
    "GET /mferp/managementfrontend~/batchEndpoints/{endpoint}/jobs": "batchEndpoints/jobs/read",
    "GET /mferp/managementfrontend~/batchEndpoints/{endpoint}/deployments/{deployment}/jobs": (
        "batchEndpoints/deployments/jobs/read"
    ),
    # A run is a job by another name.
    "GET /history/v1.0~/runs/{run}": "jobs/read",
    "GET /history/v1.0~/runs/{run}/details": "jobs/read",
    "GET /history/v1.0~/runs/{run}/children": "jobs/read",
    "POST /history/v1.0~/rundata": "jobs/read",
    "PATCH /history/v1.0~/experiments/{experiment}/runs/{run}": "jobs/write",
    "POST /data/v1.0~/dataversion/batchGetResolvedUris": "jobs/read",
}

_ASSET_ACTIONS = {
    f"{method} ~/{collection}{path}": f"{collection}{kind}/{verb}"
    for collection in ("models", "data", "environments")
    for method, path, kind, verb in (
        ("GET", "", "", "read"),
        ("GET", "/{name}", "", "read"),
        ("PUT", "/{name}", "", "write"),
        ("DELETE", "/{name}", "", "delete"),
        ("GET", "/{name}/versions", "/versions", "read"),
        ("GET", "/{name}/versions/{version}", "/versions", "read"),
        ("PUT", "/{name}/versions/{version}", "/versions", "write"),
        ("DELETE", "/{name}/versions/{version}", "/versions", "delete"),
    )
}

ROUTE_ACTIONS: Mapping[str, str] = {
    "GET /subscriptions": _SUBSCRIPTION,
    "GET ~/operationStatuses/{operation}": _OPERATION,
    **{route: f"{WORKSPACES}/{action}" for route, action in (_WORKSPACE_ACTIONS | _ASSET_ACTIONS).items()},
}
"""The action that a caller needs for each route, by method and path."""

WITHOUT_TOKEN = frozenset(
    {
        *(f"GET /{root}/{page}" for root in ("subscriptions", "endpoints", "history", "data", "mferp", "discovery",
                                             "metadata", "schemas") for page in ("openapi.json", "docs")),
        "GET /discovery",
        "GET /metadata/endpoints",
        "GET /schemas",
        "GET /schemas/{file}",
        "GET /studio/jobs/{job}",
        "GET /studio/jobs/{job}/now",
    }
)  # fmt: skip
"""Routes for everybody. They show nobody's data; links to the studio carry a ticket instead."""
