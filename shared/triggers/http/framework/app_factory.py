"""Create the FastAPI apps of the HTTP triggers."""

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from shared.studio.api_page import api_page
from shared.studio.rendering import api_document_page
from shared.triggers.http.framework.errors import install_error_handlers
from shared.triggers.http.framework.middleware import LastResort, StrictRequests


def new_app(title: str, root: str, description: str) -> FastAPI:
    """Create an app below `/<root>`, with its OpenAPI document at `openapi.json` and a page of it at `docs`."""
    document_url = f"/{root}/openapi.json"
    app = FastAPI(
        title=title,
        version="1",
        description=description,
        docs_url=None,
        openapi_url=document_url,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
    )
    install_error_handlers(app)
    app.add_middleware(LastResort)
    app.add_middleware(StrictRequests)

    @app.get(f"/{root}/docs", include_in_schema=False)
    def read_document() -> HTMLResponse:
        """Return the OpenAPI document as a page. It needs no token, because it holds no data."""
        return HTMLResponse(api_document_page(api_page(app.openapi(), document_url)))

    return app
