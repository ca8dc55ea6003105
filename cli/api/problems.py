"""Error answers of the service as CliErrors."""

import json
from typing import Any

from cli.api.field_names import in_files_words
from cli.errors import AuthenticationError, CliError, ConflictError, InvalidInputError, NotFoundError, ServiceError

_BY_STATUS: dict[int, type[CliError]] = {
    400: InvalidInputError,
    401: AuthenticationError,
    403: AuthenticationError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    422: InvalidInputError,
}
_MEND_BY_STATUS = {
    401: "Get a fresh token: restart the local service, or set BML_ACCESS_TOKEN anew",
    403: "Ask for a role on the workspace that allows this",
    412: "Somebody changed it meanwhile; run the command again",
}


def problem(status: int, body: bytes, request: str) -> CliError:
    """The CliError for an answer with `status` >= 300."""
    kind = _BY_STATUS.get(status, ServiceError)
    error = _arm_error(body)
    message = in_files_words(_with_details(error)) or f"the service answered HTTP {status} to {request}"
    mend = _MEND_BY_STATUS.get(status, "")
    if kind is ServiceError:
        message = f"{message} (HTTP {status})" if error else message
        mend = "Try again; if it goes on, look at the service's log"
    return kind(message, mend=mend)


def _arm_error(body: bytes) -> dict[str, Any]:
    """The inner object of an ARM error envelope, or an empty one."""
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    error = content.get("error", content) if isinstance(content, dict) else {}
    return error if isinstance(error, dict) else {"message": str(error)}


def _with_details(error: dict[str, Any]) -> str:
    details = [str(d.get("message", "")) for d in error.get("details") or () if isinstance(d, dict)]
    message = str(error.get("message") or error.get("code") or "")
    return "; ".join([message, *(detail for detail in details if detail and detail not in message)])
