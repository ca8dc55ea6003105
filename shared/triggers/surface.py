"""What the FastAPI apps of all HTTP surfaces have in common."""

from fastapi import FastAPI

from shared.triggers.http_errors import install_error_handlers


def surface(title: str, root: str, description: str) -> FastAPI:
    """An app below the path `/<root>`: its OpenAPI document at `/<root>/openapi.json`, readable at `/<root>/docs`."""
    app = FastAPI(
        title=title,
        version="1",
        description=description,
        docs_url=f"/{root}/docs",
        openapi_url=f"/{root}/openapi.json",
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
    )
    install_error_handlers(app)
    return app
