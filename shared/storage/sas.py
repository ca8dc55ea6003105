"""Shared access signatures: short-lived links to blobs and containers of the workspace's own account."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from azure.storage.blob import (
    BlobSasPermissions,
    ContainerSasPermissions,
    UserDelegationKey,
    generate_blob_sas,
    generate_container_sas,
)

from shared.errors import DependencyError
from shared.storage.account import StorageAccount

_CLOCK_SKEW = timedelta(minutes=5)
_KEY_LIFE = timedelta(hours=26)
"""Azure allows seven days; links live 24 hours at most."""


def blob_link(account: StorageAccount, container: str, name: str, life: timedelta) -> str:
    """Return a URL that reads one blob for a while without any other credential."""
    blob = account.blobs.get_blob_client(container, name)
    sas = generate_blob_sas(
        account.account_name,
        container,
        name,
        permission=BlobSasPermissions(read=True),
        start=datetime.now(UTC) - _CLOCK_SKEW,
        expiry=datetime.now(UTC) + life,
        **_signer(account),
    )
    return f"{blob.url}?{sas}"


def container_sas(account: StorageAccount, container: str, permissions: str, life: timedelta) -> str:
    """Return a token for a container with the given permissions (letters such as `rwcl`), without a question mark."""
    return _container_token(account.account_name, container, permissions, life, **_signer(account))


def container_sas_with_key(account_name: str, container: str, key: str, permissions: str, life: timedelta) -> str:
    """Return a token for a container of another account whose key is known."""
    return _container_token(account_name, container, permissions, life, account_key=key)


def _container_token(account_name: str, container: str, permissions: str, life: timedelta, **signer: Any) -> str:
    return generate_container_sas(
        account_name,
        container,
        permission=ContainerSasPermissions.from_string(permissions),
        start=datetime.now(UTC) - _CLOCK_SKEW,
        expiry=datetime.now(UTC) + life,
        **signer,
    )


def _signer(account: StorageAccount) -> dict[str, Any]:
    """Return the signing key: the account's key with a connection string, else a user delegation key of the identity.

    Raises DependencyError if the account has neither a key nor an identity.
    """
    if account.credential is None:
        key = getattr(account.blobs.credential, "account_key", None)
        if not key:
            raise DependencyError("the workspace's storage account has neither a key nor an identity to sign with")
        return {"account_key": key}
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    return {"user_delegation_key": _delegation_key(account, hour)}


@lru_cache(maxsize=2)
def _delegation_key(account: StorageAccount, hour: datetime) -> UserDelegationKey:
    """Return the key of this hour. It outlives every link that is signed with it."""
    return account.blobs.get_user_delegation_key(hour - _CLOCK_SKEW, hour + _KEY_LIFE)
