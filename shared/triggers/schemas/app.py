"""The FastAPI app of the JSON Schemas: `/schemas/<name>.schema.json`, for anybody."""

from fastapi import FastAPI
from fastapi.responses import Response

from shared.errors import NotFoundError
from shared.schemas import SUFFIX, schema_names, schema_text
from shared.settings import Settings
from shared.triggers.surface import surface

MEDIA_TYPE = "application/schema+json"


def schemas_app(settings: Settings) -> FastAPI:
    """The schemas; they name no user and no data, so no token is needed."""
    app = surface("Schemas", "schemas", "JSON Schemas of the YAML files.")

    @app.get("/schemas")
    def list_schemas() -> dict[str, list[str]]:
        """The addresses of all schemas."""
        return {"value": [f"{settings.public_url}/schemas/{name}{SUFFIX}" for name in schema_names()]}

    @app.get("/schemas/{file}")
    def get_schema(file: str) -> Response:
        """One schema; editors on other pages may read it."""
        name = file.removesuffix(SUFFIX)
        if name not in schema_names():
            raise NotFoundError(f"there is no schema {name!r}; there are {', '.join(schema_names())}", target=name)
        return Response(schema_text(name), media_type=MEDIA_TYPE, headers={"Access-Control-Allow-Origin": "*"})

    return app
