"""Refusals of the local scale set.

ScaleSetError
├── BadRequestError         400  the request's body or a name in its path is wrong
├── WrongKeyError           401  the bearer key is missing or wrong
├── InstanceNotFoundError   404  the compute has no such instance
└── QuotaExceededError      409  more instances than this machine is meant to run
"""

from __future__ import annotations

from typing import ClassVar


class ScaleSetError(Exception):
    """The scale set refused the request."""

    http_status: ClassVar[int]
    code: ClassVar[str]

    def as_body(self) -> dict[str, dict[str, str]]:
        """The JSON body of the answer."""
        return {"error": {"code": self.code, "message": str(self)}}


class BadRequestError(ScaleSetError):
    """The request's body or a name in its path is wrong."""

    http_status = 400
    code = "BadRequest"


class WrongKeyError(ScaleSetError):
    """The bearer key is missing or wrong."""

    http_status = 401
    code = "Unauthorized"


class InstanceNotFoundError(ScaleSetError):
    """The compute has no such instance."""

    http_status = 404
    code = "InstanceNotFound"


class QuotaExceededError(ScaleSetError):
    """More instances than this machine is meant to run."""

    http_status = 409
    code = "QuotaExceeded"
