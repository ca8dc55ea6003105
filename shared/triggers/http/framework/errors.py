"""Answer every error with an ARM error envelope: `{"error": {"code", "message", "target", "details"}}`."""

import logging
from typing import Any, cast

from azure.core.exceptions import AzureError
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from shared.contracts.bodies import validation_error
from shared.errors import AuthenticationError, DependencyError, NotFoundError, ProductError, bounded
from shared.storage.account import error_code
from shared.storage.refusals import UnansweredError

log = logging.getLogger(__name__)


def install_error_handlers(app: FastAPI) -> None:
    """Make the app answer every error with an envelope, errors of routing and of Azure included."""
    app.add_exception_handler(ProductError, _product_error)
    app.add_exception_handler(RequestValidationError, _request_validation_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(AzureError, _azure_error)


def error_response(error: ProductError) -> JSONResponse:
    """Return the envelope of an error with its HTTP status."""
    headers = {}
    if isinstance(error, AuthenticationError):
        description = " ".join(error.message.replace("\\", "/").replace('"', "'").split())
        description = description.encode("ascii", "replace").decode()
        headers["WWW-Authenticate"] = f'Bearer error="invalid_token", error_description="{description}"'
    return JSONResponse({"error": error.as_arm_error()}, error.http_status, headers)


async def _product_error(_: Request, error: Exception) -> JSONResponse:
    product_error = cast("ProductError", error)
    if product_error.http_status >= 500:
        log.error("%s", product_error.message, exc_info=error)
    return error_response(product_error)


async def _request_validation_error(_: Request, error: Exception) -> JSONResponse:
    return error_response(validation_error(map(_without_place, cast("RequestValidationError", error).errors())))


async def _http_exception(request: Request, error: Exception) -> JSONResponse:
    http = cast("HTTPException", error)
    if http.status_code == 404:
        return error_response(NotFoundError(f"There is nothing at {request.method} {request.url.path}"))
    code = "MethodNotAllowed" if http.status_code == 405 else "BadRequest"
    message = bounded(f"{request.method} {request.url.path}: {http.detail}")
    return JSONResponse({"error": {"code": code, "message": message}}, http.status_code, http.headers)


async def _azure_error(_: Request, error: Exception) -> JSONResponse:
    log.error("an Azure service failed", exc_info=error)
    return error_response(storage_failure(error))


def storage_failure(error: Exception) -> DependencyError:
    """Return the error that a caller gets for a failure of storage. It suggests a retry only if that can help."""
    if isinstance(error, UnansweredError):
        return DependencyError(f"{error.message}; try again")
    status = getattr(error, "status_code", None)
    reason = error_code(error) or type(error).__name__
    if status in {401, 403}:
        return DependencyError(
            f"the service's own storage account refuses it ({reason}): whoever runs the service must check the "
            "roles of its identity, its key, and the account's firewall"
        )
    hope = "; try again" if status is None or status in {408, 429} or status >= 500 else ""
    return DependencyError(f"storage did not answer as it should ({reason}){hope}")


def _without_place(finding: dict[str, Any]) -> dict[str, Any]:
    """Drop the first part of the location: callers know `("body", "properties", "x")` as `properties.x`."""
    place, *path = finding["loc"]
    return finding | {"loc": path or [place]}
