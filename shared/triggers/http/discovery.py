"""`/discovery` and `/metadata/endpoints`, both without a token."""

from typing import Annotated, Any
from urllib.parse import urljoin

from fastapi import FastAPI, Query
from fastapi.responses import Response

from shared.errors import NotFoundError
from shared.schemas import SUFFIX, schema_names, schema_text
from shared.settings import Settings
from shared.storage.account import storage_suffix
from shared.triggers.http.framework.app_factory import new_app
from shared.triggers.wiring import Application

CLOUD = "LocalAml"
"""The name of this cloud. It must differ from Azure's own names: the client has built-in addresses for those."""

PORTAL = "https://portal.azure.com"
"""The client makes the audience of its tokens for scoring of what follows the second dot: `https://ml.azure.com`."""

SINGLE_CLOUD_VERSION = "2022-09-01"
"""From this api-version on, the answer is one cloud. Before, it is a list of clouds."""


def discovery_app(application: Application) -> FastAPI:
    """Create the app of the workspace's discovery address."""
    app = new_app("Workspace discovery", "discovery", "Where the services of the workspace are.")
    url = application.workspace.settings.public_url

    @app.get("/discovery")
    def discovery() -> dict[str, str]:
        """Return the base address of each service. This application serves them all."""
        return dict.fromkeys(("api", "history", "modelmanagement", "experimentation", "studio"), url)

    return app


def metadata_app(application: Application) -> FastAPI:
    """Create the app that describes this cloud as Azure Resource Manager describes its own."""
    app = new_app("Cloud metadata", "metadata", "The endpoints of this cloud, for `ARM_CLOUD_METADATA_URL`.")

    @app.get("/metadata/endpoints", response_model=None)
    def endpoints(version: Annotated[str, Query(alias="api-version")] = "") -> dict[str, Any] | list[dict[str, Any]]:
        """Return this cloud: a list of one, or the cloud itself with api-version 2022-09-01 and later."""
        cloud = cloud_metadata(application)
        return cloud if version >= SINGLE_CLOUD_VERSION else [cloud]

    return app


def cloud_metadata(application: Application) -> dict[str, Any]:
    """Return this cloud in the form of Azure's own metadata."""
    settings = application.workspace.settings
    return {
        "name": CLOUD,
        "portal": PORTAL,
        "resourceManager": f"{settings.public_url}/",
        "authentication": {
            "loginEndpoint": urljoin(settings.token_issuer, "/").rstrip("/"),
            "audiences": [settings.token_audiences[0], settings.public_url],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {"storage": storage_suffix(application.account)},
    }


MEDIA_TYPE = "application/schema+json"


def schemas_app(settings: Settings) -> FastAPI:
    """Create the app of the schemas. It needs no token, because schemas name no user and no data."""
    app = new_app("Schemas", "schemas", "JSON Schemas of the YAML files.")

    @app.get("/schemas")
    def list_schemas() -> dict[str, list[str]]:
        """List the addresses of all schemas."""
        return {"value": [f"{settings.public_url}/schemas/{name}{SUFFIX}" for name in schema_names()]}

    @app.get("/schemas/{file}")
    def get_schema(file: str) -> Response:
        """Return one schema. Editors on other sites may read it."""
        name = file.removesuffix(SUFFIX)
        if name not in schema_names():
            raise NotFoundError(f"there is no schema {name!r}; there are {', '.join(schema_names())}", target=name)
        return Response(schema_text(name), media_type=MEDIA_TYPE, headers={"Access-Control-Allow-Origin": "*"})

    return app
