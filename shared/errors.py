"""All errors that a caller of the product can meet.

    ProductError
    ├── ValidationError         400  a field of the request is wrong
    │   ├── ApiVersionError     400  the request names no version of the API, or none that can be
    │   ├── RequestTooLargeError 413  the body is larger than any that is needed
    │   ├── MediaTypeError      415  the body is packed, or is not JSON
    │   └── DataRefusedError    400  storage that the request names refuses the service
    ├── AuthenticationError     401  no token, or one that we do not trust
    ├── AuthorizationError      403  the caller has no role that allows this
    ├── NotFoundError           404  the resource is not there
    ├── ConflictError           409  the resource is there already, or in a state that forbids this
    │   └── OutputExistsError   409  an output location is in use
    ├── UnreadableError         409  what is stored of the resource cannot be read
    ├── PreconditionFailedError 412  the ETag given is no longer the current one
    └── DependencyError         502  storage, a scale set or a URL of the user did not answer as it should

The docstring of a class is its default message. Each class knows its HTTP status and its ARM error code
(Azure REST guidelines: `{"error": {"code", "message", "target", "details"}}`).
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

log = logging.getLogger(__name__)

MAX_MESSAGE = 4_000
"""Characters of a message. A longer one loses its middle, because its end says what to do."""

MAX_DETAILS = 20


def bounded(text: str) -> str:
    """Return `text`, or its beginning and end if it has more than MAX_MESSAGE characters."""
    if len(text) <= MAX_MESSAGE:
        return text
    end = MAX_MESSAGE // 4
    return f"{text[: MAX_MESSAGE - end]} … {text[-end:]}"


class ProductError(Exception):
    """The request could not be carried out."""

    http_status: ClassVar[int] = 500
    code: ClassVar[str] = "InternalServerError"

    def __init__(
        self,
        message: str | None = None,
        *,
        target: str | None = None,
        details: Sequence["ProductError"] = (),
    ) -> None:
        """`target` names the field or resource concerned; `details` are further errors of the same request."""
        self.message = bounded(message or (type(self).__doc__ or "").strip())
        self.target = bounded(target) if target else target
        self.details = tuple(details[:MAX_DETAILS])
        super().__init__(self.message)

    def as_arm_error(self) -> dict[str, Any]:
        """Return the inner object of an ARM error envelope."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.target:
            error["target"] = self.target
        if self.details:
            error["details"] = [detail.as_arm_error() for detail in self.details]
        return error


def as_problem(error: Exception) -> ProductError:
    """Return the error itself, or a ProductError with another exception on one line."""
    if isinstance(error, ProductError):
        return error
    return ProductError(" ".join(f"{type(error).__name__}: {error}".split()))


Problems = list[ProductError]
"""Collects errors of single things. The rest is done or shown all the same."""


class ValidationError(ProductError):
    """A value in the request is not valid."""

    http_status = 400
    code = "UserError"


class ApiVersionError(ValidationError):
    """The query parameter api-version is missing or not valid."""

    code = "InvalidApiVersionParameter"


class RequestTooLargeError(ValidationError):
    """The body of the request is too large."""

    http_status = 413
    code = "RequestEntityTooLarge"


class MediaTypeError(ValidationError):
    """The body of the request is not plain JSON."""

    http_status = 415
    code = "UnsupportedMediaType"


class DataRefusedError(ValidationError):
    """A storage account that the request names refuses this service."""

    code = "DataRefused"


class AuthenticationError(ProductError):
    """The request needs a bearer token that this service trusts."""

    http_status = 401
    code = "AuthenticationFailed"


class AuthorizationError(ProductError):
    """The caller has no role that allows this."""

    http_status = 403
    code = "AuthorizationFailed"


class NotFoundError(ProductError):
    """There is no such resource."""

    http_status = 404
    code = "ResourceNotFound"


class ConflictError(ProductError):
    """The resource exists already, or its state forbids this."""

    http_status = 409
    code = "Conflict"


class OutputExistsError(ConflictError):
    """The output location is in use; name another path or file name."""

    code = "OutputPathAlreadyExists"


class UnreadableError(ProductError):
    """What is stored of the resource cannot be read; delete the resource and create it again."""

    http_status = 409
    code = "StoredDataUnreadable"


class PreconditionFailedError(ProductError):
    """The resource has changed since it was read."""

    http_status = 412
    code = "PreconditionFailed"


class DependencyError(ProductError):
    """A service that the request depends on did not answer as it should."""

    http_status = 502
    code = "DependencyFailure"


@contextmanager
def isolated(what: str, problems: Problems | None = None) -> Iterator[None]:
    """Log an error of the block together with `what`, and let the caller's loop go on.

    `what` names the thing as users know it, such as `schedule nightly`. `problems` collects the errors to show them.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, ProductError):
            log.error("%s: %s", what, error.message)  # noqa: TRY400 - the message says all that helps
        else:
            log.exception("%s: unexpected error", what)
        if problems is not None:
            problems.append(as_problem(error))
