"""Refusals of a storage account. A final one is reported at once, by name. Only a temporary one is retried.

The SDK calls a hook with each answer. An error that the hook raises ends the request, before the SDK tries again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import ServiceRequestError
from azure.core.pipeline.transport import RequestsTransport
from urllib3.exceptions import NameResolutionError

from shared.contracts.job_spec import Location
from shared.errors import DataRefusedError

ResponseHook = Callable[[Any], None]
"""As the SDK's `raw_response_hook`."""

PATIENCE: dict[str, Any] = {"initial_backoff": 0, "increment_base": 2, "random_jitter_range": 1}
"""The pauses before retries: about 2, 4 and 8 seconds. The SDK's defaults add up to 84 seconds."""

_CODE = "x-ms-error-code"
_REFUSED = {401, 403}
_REFUSED_CODES = {"PublicAccessNotPermitted", "InvalidAuthenticationInfo", "ContainerNotFound", "ContainerBeingDeleted"}
_REMEDIES = {
    "AuthenticationFailed": "the key or shared access signature is wrong or has expired",
    "InvalidAuthenticationInfo": "the key or shared access signature is wrong",
    "AuthorizationFailure": "the key or signature is wrong, a right is missing, or the account's firewall is closed",
    "AuthorizationPermissionMismatch": "the shared access signature lacks a right (read, list, create, write)",
    "AccountIsDisabled": "the account is disabled",
    "ContainerNotFound": "there is no such container",
    "ContainerBeingDeleted": "the container is being deleted",
}
_CHECK = "check the datastore's container and credentials, their rights, and the account's firewall"


@dataclass(frozen=True)
class Place:
    """A container that a user named, as messages name it."""

    account_url: str
    container: str
    datastore: str = ""
    """Empty: it is read without a credential."""

    @classmethod
    def of(cls, location: Location) -> "Place":
        """Return the container of a location."""
        _, _, datastore = location.credential.partition("datastore:")
        return cls(location.account_url, location.container, datastore)

    def __str__(self) -> str:
        """Such as `datastore 'sales' (https://account.blob.core.windows.net/container)`."""
        address = f"{self.account_url}/{self.container}"
        return f"datastore {self.datastore!r} ({address})" if self.datastore else f"the container {address}"

    def check(self, response: Any) -> None:
        """Raise DataRefusedError for an answer that a retry will not change."""
        answer = response.http_response
        code = answer.headers.get(_CODE, "")
        if answer.status_code in _REFUSED or code in _REFUSED_CODES:
            raise DataRefusedError(f"{self} refuses this service: {code or answer.status_code}; {self._remedy(code)}")
        check_listing(response)

    def _remedy(self, code: str) -> str:
        if self.datastore:
            reason = _REMEDIES.get(code)
            return f"{reason}; {_CHECK}" if reason else _CHECK
        return (
            "there is no such container, or it is not public; make it public, register it as a datastore, or add a "
            "shared access signature to the URL"
        )


def check_listing(response: Any) -> None:
    """Raise DataRefusedError when a container cannot be listed because of a name in it.

    Azurite takes names that XML cannot hold, and then fails at every listing above them: with status 500 and, unlike
    any passing failure, without a code.
    """
    answer, url = response.http_response, response.http_request.url
    if answer.status_code == 500 and not answer.headers.get(_CODE) and "comp=list" in url:
        raise DataRefusedError(
            f"the container {url.partition('?')[0]} cannot be listed: a blob or folder in it probably has a name "
            "that XML cannot hold, such as one with a control character; delete or rename it"
        )


class UnansweredError(ServiceRequestError):
    """An account that a user named does not answer. It may answer later."""


class NamedTransport(RequestsTransport):  # type: ignore[misc]  # the SDK exports it without its type
    """Sends requests to an account that a user named. Its failures name that account."""

    def __init__(self, place: Place, **options: Any) -> None:
        """`options` as for the base class."""
        super().__init__(connection_timeout=5, **options)
        self._place = place

    def send(self, request: Any, **options: Any) -> Any:
        """Raise DataRefusedError if the account's name has no address, UnansweredError if the account is silent."""
        try:
            return super().send(request, **options)
        except ServiceRequestError as error:
            reason = _reason(error)
            if isinstance(reason, NameResolutionError):
                raise DataRefusedError(
                    f"{self._place} cannot be reached: there is no such host; check the account's name and endpoint"
                ) from error
            raise UnansweredError(f"{self._place} does not answer: {type(reason).__name__}", error=error) from error


def _reason(error: ServiceRequestError) -> object:
    """Return urllib3's error of the last try."""
    inner = error.inner_exception
    nested = inner.args[0] if inner is not None and inner.args else None
    return getattr(nested, "reason", None) or inner
